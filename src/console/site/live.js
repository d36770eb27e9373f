"use strict";
// Keeps the first page up to date: fetches it anew while nobody works in it.
(function () {
  const every = 15000;
  setInterval(function () {
    const busy = document.hidden || document.activeElement?.closest("main");
    if (busy) {
      return;
    }
    fetch(location.href, { headers: { "x-live": "1" } })
      .then((answer) => (answer.ok && !answer.redirected ? answer.text() : null))
      .then(function (text) {
        const fresh = text && new DOMParser().parseFromString(text, "text/html").querySelector("main");
        if (fresh) {
          document.querySelector("main").replaceChildren(...fresh.childNodes);
        }
      })
      .catch(function () {});
  }, every);
})();
