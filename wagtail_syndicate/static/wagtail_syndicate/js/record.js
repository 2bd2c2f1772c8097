/* What became of a page's posts: shown beside their accounts, renewed by itself, with buttons for people. */
(() => {
    const RECORD_PAUSE = 3000; // milliseconds between two looks while something is under way
    const PATIENCE = 60; // looks after which one looks more rarely
    const SLOW_RECORD_PAUSE = 30000;

    const HEADERS = { "X-Requested-With": "XMLHttpRequest" };

    class SyndicationController extends window.StimulusModule.Controller {
        static targets = ["record", "news", "status"];

        static values = { recordUrl: String, failedText: String, refusedText: String, copiedText: String };

        connect() {
            this.form = this.element.closest("form");
            this.looks = 0;
            this.watch();
        }

        disconnect() {
            clearTimeout(this.watching);
        }

        say(text) {
            this.statusTarget.textContent = text;
        }

        /* The page's address in the editor holds its id; a page that is new gets one with its first draft. */
        get address() {
            const found = /\/(\d+)\//.exec(new URL(this.form.action, window.location).pathname);
            return found && this.recordUrlValue.replace("/0/", `/${found[1]}/`);
        }

        watch() {
            clearTimeout(this.watching);
            const isBusy = this.recordTarget.querySelector("[data-syndication-busy]");
            if (!isBusy && !this.recordTarget.querySelector("[data-syndication-open]")) return;
            const pause = isBusy && this.looks < PATIENCE ? RECORD_PAUSE : SLOW_RECORD_PAUSE;
            this.watching = setTimeout(() => this.look(), pause);
        }

        async look() {
            this.looks += 1;
            if (!document.hidden && this.address) {
                try {
                    const response = await fetch(this.address, { headers: HEADERS });
                    if (response.ok && !response.redirected) this.redraw(await response.text());
                } catch {
                    // The next look may succeed.
                }
            }
            this.watch();
        }

        get entries() {
            return [...this.element.querySelectorAll("[data-delivery]")];
        }

        get states() {
            return new Map(this.entries.map((entry) => [entry.dataset.delivery, entry.dataset.state]));
        }

        /* Replace the record, unless nothing changed or somebody is typing into it. */
        redraw(html, force = false) {
            const focused = document.activeElement;
            const isTyping = focused.matches("input, textarea") && focused.closest("[data-delivery]");
            if (!force && (html === this.drawn || isTyping)) return;
            this.drawn = html;
            const before = this.states;
            const open = [...this.element.querySelectorAll("details[data-attempts][open]")];
            const opened = open.map((node) => node.dataset.attempts);
            this.entries.forEach((entry) => entry.remove());
            const fresh = new DOMParser().parseFromString(html, "text/html");
            this.recordTarget.replaceChildren(...fresh.body.childNodes);
            this.place();
            this.element.querySelectorAll("details[data-attempts]").forEach((node) => {
                node.open = opened.includes(node.dataset.attempts);
            });
            this.tell(before);
        }

        /* Put each post beside its account, the newest first; those of no account here stay in the list above. */
        place() {
            this.entries.reverse().forEach((entry) => {
                const list = this.element.querySelector(`[data-account="${entry.dataset.of}"] [data-part="record"]`);
                if (list) list.append(entry);
            });
            const list = this.recordTarget.querySelector(".syndicate-posts");
            if (list && !list.querySelector("[data-delivery]")) list.remove();
        }

        /* Read out what changed, and only that; say at the accounts what the next publication means for them. */
        tell(before) {
            const changed = this.entries.filter((entry) => before.get(entry.dataset.delivery) !== entry.dataset.state);
            this.newsTarget.textContent = changed
                .map((entry) => `${this.words(entry, "name")}: ${this.words(entry, "state")}`)
                .join("; ");
            this.element.querySelectorAll("[data-account]").forEach((offer) => {
                const post = offer.querySelector("[data-delivery]");
                if (!post) return;
                offer.querySelector('[data-part="note"]').textContent = post.dataset.note;
                const caption = offer.querySelector("[data-again]");
                if (caption && post.dataset.note) caption.textContent = caption.dataset.again;
            });
        }

        words(node, name) {
            return node.querySelector(`[data-part="${name}"]`).textContent.trim();
        }

        async act(event) {
            const { url, link, note, when, question } = event.params;
            if (question && !window.confirm(question)) return;
            const button = event.currentTarget;
            const entry = button.closest("[data-delivery]");
            const data = new FormData();
            data.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
            if (link) data.set("permalink", document.getElementById(link).value);
            if (note) data.set("note", document.getElementById(note).value);
            if (when) data.set("when", document.getElementById(when).value);
            button.disabled = true;
            try {
                const response = await fetch(url, { method: "POST", body: data, headers: HEADERS });
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
            const entry = this.element.querySelector(`[data-delivery="${delivery}"]`);
            if (!entry) return;
            const goal = entry.querySelector("[aria-invalid]") || entry;
            if (goal === entry) entry.tabIndex = -1;
            goal.focus();
        }

        /* Enter in an input of a post presses the button that it belongs to; it must not save the page. */
        enter(event) {
            event.preventDefault();
            const { id } = event.target;
            const names = ["link", "note", "when"].map((name) => `[data-syndication-${name}-param="${id}"]`);
            this.element.querySelector(names.join()).click();
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
