// Everything works without this file. With it, settings are saved on leaving a field, the preview
// follows the typing, and a conversation opens at its end.
"use strict";

for (const texts of document.querySelectorAll(".texts")) texts.scrollTop = texts.scrollHeight;

const form = document.querySelector("form.settings");
if (form) {
  const result = document.getElementById("result");
  let last = Promise.resolve();
  let typing;

  // One after the other: each save needs the revision that the one before it made.
  const post = (address) => {
    last = last.then(async () => {
      const response = await fetch(address, {
        method: "POST",
        headers: { "x-fragment": "1" },
        body: new URLSearchParams(new FormData(form)),
      });
      result.innerHTML = await response.text();
      const saved = result.querySelector("[data-revision]");
      if (address === "/settings" && response.ok && saved) {
        form.elements.revision.value = saved.dataset.revision;
      }
    }).catch(() => {
      result.textContent = "Not saved: the server did not answer.";
    });
  };

  form.addEventListener("change", () => {
    clearTimeout(typing);
    post("/settings");
  });
  form.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => post("/settings/preview"), 250);
  });
}
