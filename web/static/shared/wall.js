// Photos on a wall, for weeks. Written for old tablets: no modules, no promises, nothing newer than 2015, and it holds two slides and a
// few dozen addresses, whatever it has shown.

(function () {
  "use strict";

  var wall = document.getElementById("wall");
  var seconds = Number(wall.getAttribute("data-seconds"));
  var order = wall.getAttribute("data-order");
  var MOST = 120; // addresses that are known, to go on with while the server is away
  var AGAIN = 30; // seconds until the server is asked again that did not answer
  var LIFE = 24 * 3600 * 1000; // ms after which the page begins anew: what a browser may have piled up goes, and a new version comes

  var coming = []; // not shown yet
  var past = []; // shown, the oldest first, for when there is nothing else
  var next = null; // where the server goes on
  var isAsking = false, asked = 0;
  var shown = null;
  var began = Date.now();
  var isStill = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;

  function ask() {
    if (isAsking || Date.now() - asked < AGAIN * 1000 && asked) return;
    isAsking = true;
    asked = Date.now();
    var request = new XMLHttpRequest();
    var src = wall.getAttribute("data-src");
    src += (src.indexOf("?") < 0 ? "?" : "&") + "order=" + order + (next ? "&after=" + encodeURIComponent(next) : "");
    request.open("GET", src);
    request.timeout = 20000;
    request.onload = function () {
      var said = null;
      if (request.status === 200) try { said = JSON.parse(request.responseText); } catch (problem) { said = null; }
      if (request.status === 404 || request.status === 401) clear(); // it is not shared any more
      if (said) {
        next = said.next;
        coming = coming.concat(said.items);
        asked = 0;
        wall.className = said.items.length || coming.length || past.length ? "" : "is-empty";
        if (!said.items.length) asked = Date.now(); // nothing there: not at once again
        else if (!shown) turn();
      }
    };
    request.onloadend = function () { isAsking = false; };
    request.send();
  }

  function clear() {
    coming = [];
    past = [];
    next = null;
    while (wall.querySelector(".slide")) wall.removeChild(wall.querySelector(".slide"));
    shown = null;
    document.getElementById("about").textContent = "";
    wall.className = "is-empty";
  }

  /** One photo, or two upright ones beside each other on a wide screen. */
  function take() {
    if (coming.length < 6) ask();
    if (!coming.length) coming = past.splice(0, past.length);
    var first = coming.shift();
    if (!first) return null;
    var isWide = window.innerWidth > window.innerHeight;
    var pair = [first];
    if (isWide && first.ratio < 0.9) {
      for (var i = 0; i < coming.length && i < 8; i++) {
        if (coming[i].ratio < 0.9) { pair.push(coming.splice(i, 1)[0]); break; }
      }
    }
    past = past.concat(pair).slice(-MOST);
    return pair;
  }

  function turn() {
    var pair = take();
    if (!pair) return setTimeout(turn, AGAIN * 1000 / 3);
    load(pair, function (isThere) {
      if (isThere && past.length) show(pair);
      setTimeout(turn, isThere ? seconds * 1000 : 2000);
    });
  }

  /** A picture is shown once it is there, so that nothing black comes between. */
  function load(pair, then) {
    var left = pair.length, isThere = true, isOver = false;
    function over(good) {
      isThere = isThere && good;
      if (--left > 0 && isThere || isOver) return;
      isOver = true;
      then(isThere);
    }
    pair.forEach(function (each) {
      var image = new Image();
      image.onload = function () { over(true); };
      image.onerror = function () { over(false); };
      image.src = each.src;
    });
    setTimeout(function () { if (!isOver) { isOver = true; then(false); } }, 60000);
  }

  function show(pair) {
    var slide = document.createElement("div");
    slide.className = "slide" + (pair.length > 1 ? " is-pair" : "");
    pair.forEach(function (each) {
      var one = document.createElement("span");
      one.style.backgroundImage = 'url("' + each.src + '")';
      slide.appendChild(one);
    });
    var shape = window.innerWidth / window.innerHeight;
    var ratio = pair.length > 1 ? pair[0].ratio + pair[1].ratio : pair[0].ratio;
    if (ratio / shape > 0.8 && ratio / shape < 1.25) slide.className += " fills"; // a sliver of black on two sides is worse than of the edge
    wall.appendChild(slide);
    var before = shown;
    shown = slide;
    void slide.offsetWidth; // so that it fades
    slide.className += " is-shown";
    setTimeout(function () { if (before && before.parentNode) before.parentNode.removeChild(before); }, isStill ? 0 : 2500);
    if (wall.getAttribute("data-place")) {
      var said = [pair[0].where, pair[0].when].filter(Boolean).join(" · ");
      document.getElementById("about").textContent = said;
    }
    if (Date.now() - began > LIFE && navigator.onLine) renew();
  }

  /** Begin anew, if there is a server to begin with. */
  function renew() {
    began = Date.now();
    var request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.onload = function () { if (request.status === 200) location.reload(); };
    request.send();
  }

  // ---------------------------------------------------------------- the clock, and a screen that stays on

  if (wall.getAttribute("data-clock")) {
    var clock = document.getElementById("clock");
    var tick = function () {
      var now = new Date();
      clock.textContent = now.getHours() + ":" + ("0" + now.getMinutes()).slice(-2);
    };
    tick();
    setInterval(tick, 5000);
  }

  var lock = null;
  function stayAwake() {
    if (!navigator.wakeLock || lock || document.visibilityState !== "visible") return;
    navigator.wakeLock.request("screen").then(function (held) {
      lock = held;
      held.addEventListener("release", function () { lock = null; });
    }, function () {});
  }
  stayAwake();
  document.addEventListener("visibilitychange", stayAwake);
  setInterval(stayAwake, 60000);
  document.addEventListener("click", function () {
    stayAwake();
    var root = document.documentElement;
    if (!document.fullscreenElement && root.requestFullscreen) root.requestFullscreen();
  });

  turn();
  ask();
})();
