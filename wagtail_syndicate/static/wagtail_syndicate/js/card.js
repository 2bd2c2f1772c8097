/* One account's card: the text that goes out, its picture, its time, and what the post will look like. */
(() => {
    const MARKED = /(https?:\/\/\S+|[#@][\p{L}\p{N}_][\p{L}\p{N}_.@-]*)/u;

    class SyndicationCardController extends window.StimulusModule.Controller {
        static targets = [
            ...["facts", "wording", "count", "estimate", "source", "back", "restore", "warnings"],
            ...["pictures", "choices", "altField", "alt", "when", "minutes", "at", "zone", "whenText"],
            ...["post", "face", "name", "handle", "text", "error", "shots", "link", "caption"],
        ];

        static values = { account: String };

        connect() {
            this.offer = this.element.closest("[data-account]");
            const { shape, zone } = this.offer.dataset;
            const handle = this.offer.querySelector('[data-part="handle"]');
            this.postTarget.classList.add(`syndicate-post--${shape}`);
            this.nameTarget.textContent = this.offer.querySelector("label").textContent;
            this.handleTarget.textContent = handle ? handle.textContent : "";
            this.faceTarget.replaceChildren(this.offer.closest("fieldset").querySelector("svg").cloneNode(true));
            this.zoneTarget.textContent = zone;
            this.picturesTarget.hidden = !("pictures" in this.offer.dataset);
            const slot = this.whenTarget.querySelector("[value=slot]");
            slot.hidden = slot.disabled = !("slots" in this.offer.dataset) && !slot.selected;
            this.remark();
            this.showTime();
        }

        tell() {
            this.element.dispatchEvent(new CustomEvent("syndication-card:change", { bubbles: true }));
        }

        /* What the next publication means for an account that was posted to already. */
        remark() {
            const post = this.offer.querySelector("[data-delivery]");
            const note = post ? post.dataset.note : "";
            this.offer.querySelector('[data-part="note"]').textContent = note;
            const { now, again } = this.captionTarget.dataset;
            this.captionTarget.textContent = note ? again : now;
        }

        // The text: generated, until the editor takes over

        get isOwn() {
            return this.wordingTarget.hasAttribute("name");
        }

        /* Own words are part of the form, generated ones are not. */
        own(isOwn) {
            const { wordingTarget } = this;
            if (isOwn) wordingTarget.name = wordingTarget.dataset.name;
            else wordingTarget.removeAttribute("name");
            this.backTarget.hidden = !isOwn;
            if (isOwn) this.restoreTarget.hidden = true;
        }

        write(text) {
            if (this.wordingTarget.value === text) return;
            this.wordingTarget.value = text;
            this.wordingTarget.dispatchEvent(new Event("autosize:update"));
        }

        type() {
            this.own(Boolean(this.wordingTarget.value.trim()));
            this.guess();
            this.tell();
        }

        /* An empty text is no text: the generated one comes back, but not while somebody is about to write. */
        leave() {
            if (!this.isOwn && this.post) this.write(this.post.words);
        }

        back() {
            this.discarded = this.wordingTarget.value;
            this.own(false);
            this.write(this.post ? this.post.words : "");
            this.restoreTarget.hidden = false;
            this.restoreTarget.focus();
            this.announce();
        }

        restore() {
            this.write(this.discarded);
            this.own(true);
            this.wordingTarget.focus();
            this.announce();
        }

        announce() {
            this.wordingTarget.dispatchEvent(new Event("change", { bubbles: true }));
            this.tell();
        }

        /* Only the server counts as the network does; until it has, roughly how long the text is. */
        guess() {
            if (!this.post || this.post.count === null) return;
            const grown = [...this.wordingTarget.value].length - this.measured;
            this.estimateTarget.textContent = `≈ ${Math.max(0, this.post.count + grown)} / ${this.post.limit}`;
            this.estimateTarget.hidden = false;
            this.countTarget.hidden = true;
        }

        // Picture and time

        change() {
            this.showTime();
            this.tell();
        }

        showTime() {
            const way = this.whenTarget.value;
            this.minutesTarget.hidden = way !== "after";
            this.atTarget.hidden = way !== "at";
            const input = this.atTarget.querySelector("input");
            if (way === "at" && !input.value) {
                const tomorrow = new Date(Date.now() + 24 * 3600 * 1000);
                const parts = [tomorrow.getFullYear(), tomorrow.getMonth() + 1, tomorrow.getDate()];
                input.value = `${parts.map((part) => String(part).padStart(2, "0")).join("-")}T09:00`;
            }
        }

        choosePicture(event) {
            const button = event.currentTarget;
            new window.ImageChooserModal(event.params.url).open({}, (picture) => {
                const radio = this.radio({ id: String(picture.id), title: picture.title, src: picture.preview.url });
                radio.dataset.chosen = ""; // it stays to choose from, also when another one is tried
                radio.checked = true;
                radio.dispatchEvent(new Event("change", { bubbles: true }));
                button.focus();
            });
        }

        radios() {
            return [...this.choicesTarget.querySelectorAll("input[type=radio]")];
        }

        /* The input that chooses a picture, with what is known of it; made when there is none. */
        radio({ id, title, src }) {
            const radios = this.radios();
            let radio = radios.find((one) => one.value === id);
            if (!radio) {
                const label = radios[0].closest("label").cloneNode(true);
                radio = label.querySelector("input");
                radio.checked = false;
                radio.value = id;
                radios.find((one) => one.value === "none").closest("label").before(label);
            }
            this.illustrate(radio, src);
            if (title) radio.closest("label").querySelector(".syndicate-picture__name").textContent = title;
            return radio;
        }

        illustrate(radio, src) {
            const label = radio.closest("label");
            let image = label.querySelector("img");
            if (!src) {
                if (image) image.remove();
                return;
            }
            if (!image) {
                image = document.createElement("img");
                image.alt = ""; // its name stands beside it
                radio.after(image);
            }
            if (image.getAttribute("src") !== src) image.src = src;
        }

        drawPictures(post, pictures) {
            const [own, ...others] = pictures;
            const offered = post.chosen ? [...others.filter((one) => one.id !== post.chosen.id), post.chosen] : others;
            this.radios().forEach((radio) => {
                const isKnown = ["", "none", ...offered.map((one) => one.id)].includes(radio.value);
                if (!isKnown && !radio.checked && !("chosen" in radio.dataset)) radio.closest("label").remove();
            });
            this.illustrate(this.radios()[0], own && own.src);
            offered.forEach((one) => this.radio(one));
            if (post.chosen) this.radio(post.chosen).dataset.chosen = "";
            this.altFieldTarget.hidden = !("alt" in this.offer.dataset) || !post.alt_matters;
            this.altTarget.placeholder = post.alt;
        }

        // What the server says

        draw(post, pictures, warn) {
            this.post = post;
            if (!this.isOwn && (document.activeElement !== this.wordingTarget || this.wordingTarget.value)) {
                this.write(post.words);
            }
            this.measured = [...this.wordingTarget.value].length;
            this.estimateTarget.hidden = true;
            this.countTarget.hidden = false;
            if (this.countTarget.textContent !== post.count_text) this.countTarget.textContent = post.count_text;
            this.countTarget.classList.toggle("syndicate-count--over", post.count > post.limit);
            this.sourceTarget.textContent = post.source_text;
            this.factsTarget.textContent = post.facts;
            this.factsTarget.classList.toggle("syndicate-card__facts--alert", post.is_alarming);
            this.whenTextTarget.textContent = post.when_text;
            this.warningsTarget.replaceChildren(...post.warnings.map(warn));
            this.drawPictures(post, pictures);
            this.drawPost(post);
            this.remark();
        }

        drawPost({ text, error, pictures, card }) {
            this.textTarget.replaceChildren(
                ...text.split(MARKED).map((piece, place) => {
                    if (place % 2 === 0) return piece;
                    const mark = document.createElement("span");
                    mark.className = "syndicate-post__mark";
                    mark.textContent = piece;
                    return mark;
                }),
            );
            this.textTarget.hidden = Boolean(error);
            this.errorTarget.textContent = error;
            this.errorTarget.hidden = !error;
            this.shotsTarget.replaceChildren(...pictures.filter(({ src }) => src).map((shot) => this.image(shot)));
            this.shotsTarget.dataset.number = pictures.length;
            this.linkTarget.hidden = !card;
            if (card) this.drawCard(card);
            // What scrolls must be reachable with the keyboard.
            const scrolls = this.textTarget.scrollHeight > this.textTarget.clientHeight + 1;
            if (scrolls) this.textTarget.tabIndex = 0;
            else this.textTarget.removeAttribute("tabindex");
        }

        drawCard(card) {
            ["host", "title", "description"].forEach((name) => {
                this.linkTarget.querySelector(`[data-part="${name}"]`).textContent = card[name];
            });
            const thumb = this.linkTarget.querySelector("img");
            thumb.hidden = !card.src;
            if (card.src) thumb.src = card.src;
            thumb.alt = card.alt;
        }

        image({ src, alt, width, height }) {
            const image = document.createElement("img");
            Object.assign(image, { src, alt, width, height });
            return image;
        }
    }

    window.wagtail.app.register("syndication-card", SyndicationCardController);
})();
