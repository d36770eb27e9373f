"use strict";
// Plays the output of a terminal: text only, so nothing of an intruder's can act in this page.
(function () {
  const player = document.getElementById("player");
  const screen = document.getElementById("screen");
  const button = document.getElementById("play");
  const speed = document.getElementById("speed");
  const skip = document.getElementById("skip");
  const place = document.getElementById("place");
  const clock = document.getElementById("clock");
  const longestIdle = 2;
  let events = [];
  let next = 0;
  let timer = null;

  function written(text, more) {
    for (const c of more) {
      if (c === "\b") {
        text = text.slice(0, -1);
      } else if (c !== "\r") {
        text += c;
      }
    }
    return text;
  }

  function showClock() {
    const seconds = next > 0 ? events[next - 1][0] : 0;
    const rest = Math.floor(seconds % 60);
    clock.textContent = Math.floor(seconds / 60) + ":" + (rest < 10 ? "0" : "") + rest;
    place.value = String(next);
  }

  function jump(to) {
    let text = "";
    for (next = 0; next < to; next += 1) {
      text = written(text, events[next][1]);
    }
    screen.textContent = text;
    screen.scrollTop = screen.scrollHeight;
    showClock();
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    button.textContent = player.dataset.play;
  }

  function step() {
    if (next >= events.length) {
      stop();
      return;
    }
    screen.textContent = written(screen.textContent, events[next][1]);
    screen.scrollTop = screen.scrollHeight;
    next += 1;
    showClock();
    plan();
  }

  function plan() {
    if (next >= events.length) {
      stop();
      return;
    }
    const before = next > 0 ? events[next - 1][0] : 0;
    let wait = Math.max(0, events[next][0] - before);
    if (skip.checked) {
      wait = Math.min(wait, longestIdle);
    }
    timer = setTimeout(step, (wait * 1000) / Number(speed.value));
  }

  button.addEventListener("click", function () {
    if (timer !== null) {
      stop();
      return;
    }
    if (next >= events.length) {
      jump(0);
    }
    button.textContent = player.dataset.pause;
    plan();
  });
  place.addEventListener("input", function () {
    stop();
    jump(Number(place.value));
  });
  fetch(player.dataset.events)
    .then(function (answer) {
      return answer.json();
    })
    .then(function (loaded) {
      events = loaded;
      place.max = String(events.length);
      jump(events.length);
    });
})();
