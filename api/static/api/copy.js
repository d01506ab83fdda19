"use strict";
// A button at each sample, which copies what of it is shown; where nothing may be copied, it is selected.
const SECONDS_COPIED = 2;

function offerCopies() {
  for (const held of document.querySelectorAll("[data-copy]:not(:has(.copier))")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain copier" });
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const shown = [...held.querySelectorAll("pre")].find((each) => each.offsetParent);
      try {
        await navigator.clipboard.writeText(shown.textContent);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), SECONDS_COPIED * 1000);
      } catch {
        getSelection().selectAllChildren(shown);
      }
    });
    held.append(button);
  }
}

offerCopies();
