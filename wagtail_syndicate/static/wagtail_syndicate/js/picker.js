/* The accounts of the Syndication panel: which are ticked, and what will be posted to them. */
(() => {
    const TYPING_PAUSE = 600; // milliseconds without typing before the texts are composed anew
    const OPEN_UP_TO = 5; // ticked accounts up to which their cards are open at once

    const fill = (url, page) => url.replace("/0/", `/${page}/`);
    const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

    /* Leave out inputs that say nothing: Django takes a thousand of them, and two hundred accounts would have more. */
    const thin = ({ formData }) => {
        [...formData.keys()].forEach((key) => {
            const [, name, account] = /^syndication-(image|alt|when|minutes|at)-(.+)$/.exec(key) || [];
            if (!name) return;
            const way = { minutes: "after", at: "at" }[name];
            const isNeeded = way ? formData.get(`syndication-when-${account}`) === way : formData.get(key);
            if (!isNeeded) formData.delete(key);
        });
    };

    class SyndicationPickerController extends window.StimulusModule.Controller {
        static targets = ["offer", "group", "card", "search", "only", "tally", "empty", "warnings", "warning", "status"];

        static values = {
            page: String,
            previewUrl: String,
            newPreviewUrl: String,
            lastTimeUrl: String,
            busyText: String,
            failedText: String,
            foundText: String,
        };

        connect() {
            this.form = this.element.closest("form");
            this.form.addEventListener("formdata", thin);
            this.composed = null;
            // At once: inputs that came later would look to Wagtail like a change, and be saved as a draft.
            const { ticked } = this;
            ticked.forEach((offer) => this.dress(offer, ticked.length <= OPEN_UP_TO));
            this.count();
            // In a tab that is not open nothing is composed; when it is opened, the texts are.
            this.observer = new IntersectionObserver((entries) => {
                if (entries.some((entry) => entry.isIntersecting)) this.preview();
            });
            this.observer.observe(this.element);
        }

        disconnect() {
            this.observer.disconnect();
            this.form.removeEventListener("formdata", thin);
            clearTimeout(this.typing);
        }

        /* The page's id: a new page gets one while it is edited, when it is saved for the first time. */
        get page() {
            const found = this.form && /\/(\d+)\/edit\/$/.exec(new URL(this.form.action, window.location).pathname);
            return this.pageValue || (found ? found[1] : "");
        }

        say(text) {
            if (this.hasStatusTarget) this.statusTarget.textContent = text;
        }

        // Ticks

        box(offer) {
            return offer.querySelector("input[name=syndication-accounts]");
        }

        get ticked() {
            return this.offerTargets.filter((offer) => this.box(offer).checked);
        }

        tick(event) {
            const offer = event.target.closest("[data-account]");
            if (event.target.checked) this.dress(offer, true);
            this.settle();
        }

        /* Give an account its card: the inputs for its text, picture and time. Made only when it is needed. */
        dress(offer, open) {
            if (offer.querySelector(".syndicate-card")) return;
            const maker = document.createElement("template");
            maker.innerHTML = this.cardTarget.innerHTML.replaceAll("__account__", offer.dataset.account);
            const card = maker.content.querySelector(".syndicate-card");
            const post = offer.querySelector("[data-delivery]");
            card.open = open && !(post && post.dataset.note);
            offer.append(maker.content);
        }

        settle() {
            this.offerTargets.forEach((offer) => {
                const card = offer.querySelector(".syndicate-card");
                if (card) card.hidden = !this.box(offer).checked;
            });
            this.count();
            this.preview();
        }

        count() {
            if (!this.hasTallyTarget) return;
            this.tallyTarget.textContent = this.tallyTarget.dataset.text.replace("%d", this.ticked.length);
        }

        set(offers, checked) {
            const changed = offers.filter((offer) => this.box(offer).checked !== checked);
            changed.forEach((offer) => {
                this.box(offer).checked = checked;
                if (checked) this.dress(offer, changed.length <= OPEN_UP_TO);
            });
            this.settle();
            if (changed.length) this.box(changed[0]).dispatchEvent(new Event("change", { bubbles: true }));
        }

        get shown() {
            return this.offerTargets.filter((offer) => !offer.hidden);
        }

        all() {
            this.set(this.shown, true);
        }

        none() {
            this.set(this.shown, false);
        }

        async lastTime() {
            try {
                const response = await fetch(`${this.lastTimeUrlValue}?page=${this.page}`, { headers: this.headers });
                if (!response.ok || response.redirected) throw new Error(response.status);
                const { accounts, text } = await response.json();
                if (accounts.length) {
                    const isMeant = (offer) => accounts.includes(offer.dataset.account);
                    this.set(this.offerTargets.filter((offer) => !isMeant(offer)), false);
                    this.set(this.offerTargets.filter(isMeant), true);
                }
                this.say(text);
            } catch {
                this.say(this.failedTextValue);
            }
        }

        // Finding accounts among many

        search() {
            this.filter();
            this.say(this.foundTextValue.replace("%d", this.shown.length));
        }

        only() {
            const pressed = this.onlyTarget.getAttribute("aria-pressed") === "true";
            this.onlyTarget.setAttribute("aria-pressed", String(!pressed));
            this.search();
        }

        filter() {
            const words = plain(this.hasSearchTarget ? this.searchTarget.value : "").split(/\s+/).filter(Boolean);
            const isOnly = this.hasOnlyTarget && this.onlyTarget.getAttribute("aria-pressed") === "true";
            this.offerTargets.forEach((offer) => {
                const text = this.describe(offer);
                const isUsed = this.box(offer).checked || offer.querySelector("[data-delivery]");
                offer.hidden = !words.every((word) => text.includes(word)) || (isOnly && !isUsed);
            });
            this.groupTargets.forEach((group) => {
                group.hidden = !group.querySelector("[data-account]:not([hidden])");
            });
            if (this.hasEmptyTarget) this.emptyTarget.hidden = this.shown.length > 0;
        }

        /* What an account is found by: its name and handle, its network, its part of the world. */
        describe(offer) {
            if (!offer.found) {
                const names = [offer.querySelector(".syndicate-offer__head").textContent];
                for (let group = offer.closest("fieldset"); group; group = group.parentElement.closest("fieldset")) {
                    names.push(group.querySelector("legend").textContent);
                }
                offer.found = plain(names.slice(0, 3).join(" "));
            }
            return offer.found;
        }

        /* Enter in an input of ours must not save the page. */
        stay(event) {
            event.preventDefault();
        }

        // What will be posted

        get headers() {
            return { "X-Requested-With": "XMLHttpRequest" };
        }

        preview() {
            clearTimeout(this.typing);
            this.typing = setTimeout(() => this.compose(), TYPING_PAUSE);
        }

        card(offer) {
            const card = offer.querySelector(".syndicate-card");
            return card && this.application.getControllerForElementAndIdentifier(card, "syndication-card");
        }

        /* Ask the server for the posts: it composes and counts them exactly as they will be sent. */
        async compose() {
            if (!this.form || !this.element.offsetParent) return;
            if (!this.ticked.length) {
                this.warningsTarget.replaceChildren();
                return;
            }
            const data = new FormData(this.form);
            const state = new URLSearchParams(data).toString();
            if (state === this.composed) return;
            const url = this.page ? fill(this.previewUrlValue, this.page) : this.newPreviewUrlValue;
            const number = (this.number = (this.number || 0) + 1);
            this.element.classList.add("syndicate--stale");
            if (this.ticked.length > OPEN_UP_TO) this.say(this.busyTextValue);
            try {
                const response = await fetch(url, { method: "POST", body: data, headers: this.headers });
                if (number !== this.number) return;
                if (response.status === 422) {
                    this.say((await response.json()).message);
                    return;
                }
                if (!response.ok || response.redirected) throw new Error(response.status);
                this.draw(await response.json());
                this.composed = state;
                this.say("");
            } catch {
                if (number === this.number) this.say(this.failedTextValue);
            } finally {
                if (number === this.number) this.element.classList.remove("syndicate--stale");
            }
        }

        draw({ warnings, pictures, accounts }) {
            this.warningsTarget.replaceChildren(...warnings.map((warning) => this.warn(warning)));
            this.offerTargets.forEach((offer) => {
                const post = accounts[offer.dataset.account];
                const card = post && this.card(offer);
                if (card) card.draw(post, pictures, (warning) => this.warn(warning));
            });
        }

        /* A warning as an item of a list, with its icon and its weight in words. */
        warn({ level, text }) {
            const kind = this.warningTargets.find((one) => one.dataset.level === level);
            const item = kind.content.firstElementChild.cloneNode(true);
            item.append(text);
            return item;
        }
    }

    window.wagtail.app.register("syndication-picker", SyndicationPickerController);
})();
