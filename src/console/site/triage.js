"use strict";
// Keys of the list of incidents: j and k go down and up, x marks, a acknowledges, o opens.
(function () {
  const form = document.getElementById("triage");
  if (!form) {
    return;
  }
  const rows = Array.from(form.querySelectorAll("[data-row]"));
  const all = document.getElementById("mark-all");
  let at = -1;

  function go(to) {
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows.forEach(function (row, number) {
      row.classList.toggle("here", number === at);
    });
    const link = rows[at].querySelector("td a");
    if (link) {
      link.focus();
    }
  }

  function mark() {
    const box = rows[at] && rows[at].querySelector("input[type=checkbox]");
    if (box) {
      box.checked = !box.checked;
    }
  }

  function acknowledge() {
    const button = form.querySelector("button[value=acknowledged]");
    if (button) {
      if (!form.querySelector("input[name=incident]:checked")) {
        mark();
      }
      button.click();
    }
  }

  if (all) {
    all.addEventListener("change", function () {
      form.querySelectorAll("input[name=incident]").forEach(function (box) {
        box.checked = all.checked;
      });
    });
  }
  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const acts = { j: () => go(at + 1), k: () => go(at - 1), x: mark, a: acknowledge };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    } else if (event.key === "o" && at >= 0) {
      rows[at].querySelector("td a").click();
    }
  });
})();
