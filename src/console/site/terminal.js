"use strict";
// Joins the player to this page: speed, idle time, jumps to commands, search in what was printed.
(function () {
  const box = document.getElementById("player");
  const speed = document.getElementById("speed");
  const skip = document.getElementById("skip");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const jumps = Array.from(document.querySelectorAll("[data-at]"));
  const longestIdle = 2;
  let player = null;
  let printed = [];
  let last = -1;

  // With idle time skipped the player's clock is shorter: each gap counts as the longest at most.
  function onClock(at) {
    if (!skip.checked) {
      return at;
    }
    let clock = 0;
    let before = 0;
    for (const [time] of printed) {
      if (time > at) {
        break;
      }
      clock += Math.min(longestIdle, time - before);
      before = time;
    }
    return clock + Math.min(longestIdle, Math.max(0, at - before));
  }

  function build(start) {
    if (player) {
      player.dispose();
    }
    player = AsciinemaPlayer.create(box.dataset.cast, box, {
      fit: "width",
      preload: true,
      poster: "npt:0:01",
      speed: Number(speed.value),
      idleTimeLimit: skip.checked ? longestIdle : undefined,
      markers: jumps.map((jump) => [onClock(Number(jump.dataset.at)), jump.textContent.slice(0, 40)]),
      theme: "asciinema",
      terminalFontFamily: 'ui-monospace, "Noto Sans Mono CJK SC", monospace',
      startAt: start,
    });
    window.terminalPlayer = player;
  }

  function rebuild() {
    Promise.resolve(player.getCurrentTime()).then(build, function () {
      build(0);
    });
  }

  function search() {
    const wanted = find.value.toLowerCase();
    if (!wanted) {
      found.textContent = "";
      return;
    }
    for (let step = 1; step <= printed.length; step += 1) {
      const at = (last + step) % printed.length;
      if (printed[at][1].toLowerCase().includes(wanted)) {
        last = at;
        found.textContent = at + 1 + " / " + printed.length;
        player.seek(onClock(printed[at][0]) + 0.01);
        return;
      }
    }
    found.textContent = "0";
  }

  jumps.forEach(function (jump) {
    jump.addEventListener("click", function () {
      player.seek(onClock(Number(jump.dataset.at)));
    });
  });
  speed.addEventListener("change", rebuild);
  skip.addEventListener("change", rebuild);
  find.addEventListener("input", function () {
    last = -1;
  });
  find.addEventListener("change", search);
  find.addEventListener("keydown", function (event) {
    if (event.key === "Enter") {
      event.preventDefault();
      search();
    }
  });
  fetch(box.dataset.events)
    .then((answer) => answer.json())
    .then(function (loaded) {
      printed = loaded;
      build(0);
    });
})();
