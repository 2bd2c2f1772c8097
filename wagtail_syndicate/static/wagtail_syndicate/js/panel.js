/* The Syndication panel of the page editor: shows what will be posted, and keeps the record of posts up to date. */
(() => {
    const TYPING_PAUSE = 600; // milliseconds without typing before the texts are composed anew
    const RECORD_PAUSE = 3000; // milliseconds between two looks while something is under way
    const PATIENCE = 60; // looks after which one looks more rarely
    const SLOW_RECORD_PAUSE = 30000;

    const fill = (url, page) => url.replace("/0/", `/${page}/`);

    class SyndicationController extends window.StimulusModule.Controller {
        static targets = ["offer", "record", "news", "status"];

        static values = {
            page: String,
            recordUrl: String,
            previewUrl: String,
            newPreviewUrl: String,
            busyText: String,
            readyText: String,
            failedText: String,
            refusedText: String,
            copiedText: String,
        };

        connect() {
            this.form = this.element.closest("form");
            this.looks = 0;
            this.composed = null;
            // In a tab that is not open nothing is composed; when it is opened, the texts are.
            this.observer = new IntersectionObserver((entries) => {
                if (entries.some((entry) => entry.isIntersecting)) this.preview();
            });
            this.observer.observe(this.element);
            this.watch();
        }

        disconnect() {
            this.observer.disconnect();
            clearTimeout(this.typing);
            clearTimeout(this.watching);
        }

        /* The page's id: a new page gets one while it is edited, when it is saved for the first time. */
        get page() {
            const found = this.form && /\/(\d+)\/edit\/$/.exec(new URL(this.form.action, window.location).pathname);
            return this.pageValue || (found ? found[1] : "");
        }

        part(node, name) {
            return node.querySelector(`[data-part="${name}"]`);
        }

        say(text) {
            if (this.hasStatusTarget) this.statusTarget.textContent = text;
        }

        // What will be posted

        tick(event) {
            const offer = event.target.closest("[data-account]");
            this.part(offer, "body").hidden = !event.target.checked;
            this.preview();
        }

        type() {
            this.preview();
        }

        preview() {
            clearTimeout(this.typing);
            this.typing = setTimeout(() => this.compose(), TYPING_PAUSE);
        }

        async show() {
            clearTimeout(this.typing);
            this.composed = null;
            this.ticked.forEach((offer) => {
                offer.querySelectorAll("details").forEach((node) => (node.open = true));
            });
            this.say(this.busyTextValue);
            if (await this.compose()) this.say(this.readyTextValue);
        }

        get ticked() {
            return this.offerTargets.filter((offer) => offer.querySelector("input[type=checkbox]").checked);
        }

        /* Ask the server for the texts: it composes and counts them exactly as they will be sent. */
        async compose() {
            if (!this.form || !this.element.offsetParent || !this.ticked.length) return false;
            const data = new FormData(this.form);
            const state = new URLSearchParams(data).toString();
            if (state === this.composed) return true;
            const url = this.page ? fill(this.previewUrlValue, this.page) : this.newPreviewUrlValue;
            const number = (this.number = (this.number || 0) + 1);
            this.ticked.forEach((offer) => offer.classList.add("syndicate-preview--stale"));
            let texts;
            try {
                const response = await fetch(url, { method: "POST", body: data, headers: this.headers });
                if (number !== this.number) return false;
                if (response.status === 422) {
                    this.say((await response.json()).message);
                    return false;
                }
                if (!response.ok) throw new Error(response.status);
                texts = await response.json();
            } catch {
                if (number === this.number) this.say(this.failedTextValue);
                return false;
            }
            this.composed = state;
            this.say("");
            this.offerTargets.forEach((offer) => {
                if (texts[offer.dataset.account]) this.draw(offer, texts[offer.dataset.account]);
            });
            return true;
        }

        draw(offer, preview) {
            offer.classList.remove("syndicate-preview--stale");
            this.part(offer, "text").textContent = preview.text;
            this.part(offer, "text").hidden = Boolean(preview.error);
            this.part(offer, "source").textContent = preview.source_text;
            this.part(offer, "error").textContent = preview.error;
            this.part(offer, "problem").hidden = !preview.error;
            const count = this.part(offer, "count");
            if (count.textContent !== preview.count_text) count.textContent = preview.count_text;
            count.classList.toggle("syndicate-count--over", preview.count > preview.limit);
            this.part(offer, "images").replaceChildren(
                ...preview.images_text.map((text) => {
                    const item = document.createElement("li");
                    item.textContent = text;
                    return item;
                }),
            );
        }

        // What became of it

        get headers() {
            return { "X-Requested-With": "XMLHttpRequest" };
        }

        watch() {
            clearTimeout(this.watching);
            if (!this.recordTarget.querySelector("[data-syndication-busy]")) return;
            const pause = this.looks < PATIENCE ? RECORD_PAUSE : SLOW_RECORD_PAUSE;
            this.watching = setTimeout(() => this.look(), pause);
        }

        async look() {
            this.looks += 1;
            if (!document.hidden && this.page) {
                try {
                    const response = await fetch(fill(this.recordUrlValue, this.page), { headers: this.headers });
                    if (response.ok && !response.redirected) this.redraw(await response.text());
                } catch {
                    // The next look may succeed.
                }
            }
            this.watch();
        }

        /* Replace the record, unless nothing changed or somebody is typing into it. */
        redraw(html, force = false) {
            const isTyping = this.recordTarget.contains(document.activeElement) && document.activeElement.matches("input");
            if (!force && (html === this.drawn || isTyping)) return;
            this.drawn = html;
            const before = this.states;
            const open = [...this.recordTarget.querySelectorAll("details[open]")].map((node) => node.dataset.attempts);
            const fresh = new DOMParser().parseFromString(html, "text/html");
            this.recordTarget.replaceChildren(...fresh.body.childNodes);
            this.recordTarget.querySelectorAll("details").forEach((node) => {
                node.open = open.includes(node.dataset.attempts);
            });
            this.tell(before);
        }

        get entries() {
            return [...this.recordTarget.querySelectorAll("[data-delivery]")];
        }

        get states() {
            return new Map(this.entries.map((entry) => [entry.dataset.delivery, entry.dataset.state]));
        }

        /* Read out what changed, and only that; say at the accounts what the next publication means for them. */
        tell(before) {
            const changed = this.entries.filter((entry) => before.get(entry.dataset.delivery) !== entry.dataset.state);
            this.newsTarget.textContent = changed
                .map((entry) => `${this.words(entry, "name")}: ${this.words(entry, "state")}`)
                .join("; ");
            this.entries.forEach((entry) => {
                const offer = this.offerTargets.find((one) => one.dataset.account === entry.dataset.of);
                if (offer) this.part(offer, "note").textContent = entry.dataset.note;
            });
        }

        words(node, name) {
            return this.part(node, name).textContent.trim();
        }

        async act(event) {
            const { url, link, note } = event.params;
            const button = event.currentTarget;
            const entry = button.closest("[data-delivery]");
            const data = new FormData();
            data.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
            if (link) data.set("permalink", document.getElementById(link).value);
            if (note) data.set("note", document.getElementById(note).value);
            button.disabled = true;
            try {
                const response = await fetch(url, { method: "POST", body: data, headers: this.headers });
                if (response.status === 403) {
                    this.say(this.refusedTextValue);
                } else if (response.ok || response.status === 409 || response.status === 422) {
                    this.redraw(await response.text(), true);
                    this.say("");
                    this.focus(entry.dataset.delivery);
                } else {
                    throw new Error(response.status);
                }
            } catch {
                this.say(this.failedTextValue);
            }
            button.disabled = false;
            this.looks = 0;
            this.watch();
        }

        /* Keep the keyboard where it was: at the wrong input, else at the entry that was acted on. */
        focus(delivery) {
            const entry = this.recordTarget.querySelector(`[data-delivery="${delivery}"]`);
            if (!entry) return;
            const goal = entry.querySelector("[aria-invalid]") || entry;
            if (goal === entry) entry.tabIndex = -1;
            goal.focus();
        }

        /* Enter in a field of the record presses its button; it must not save the page. */
        enter(event) {
            event.preventDefault();
            const { id } = event.target;
            const button = `[data-syndication-link-param="${id}"], [data-syndication-note-param="${id}"]`;
            this.recordTarget.querySelector(button).click();
        }

        async copy(event) {
            const source = document.getElementById(event.params.source);
            try {
                await navigator.clipboard.writeText(source.value);
            } catch {
                // Without HTTPS browsers offer no clipboard; the old way still works.
                source.select();
                document.execCommand("copy");
            }
            this.say(this.copiedTextValue);
        }
    }

    window.wagtail.app.register("syndication", SyndicationController);
})();
