/* News reach whoever has a page open: a number in the tab, a line in the corner, a sound. */
(function () {
  "use strict";

  var corner = document.querySelector("[data-news-latest]");
  if (!corner) { return; }
  var EVERY = 5000;
  var title = document.title;
  var last = null;

  var zone = document.querySelector("[data-zone]");
  var own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && own) {
    zone.value = own;
    document.querySelector("[data-zone-name]").textContent = own;
  }

  /* Two soft tones; browsers allow them once the page has been clicked. */
  var chime = function () {
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) { return; }
    try {
      var audio = new AudioContext();
      [660, 880].forEach(function (pitch, at) {
        var tone = audio.createOscillator();
        var volume = audio.createGain();
        var begin = audio.currentTime + at * 0.16;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.08, begin);
        volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.3);
        tone.connect(volume).connect(audio.destination);
        tone.start(begin);
        tone.stop(begin + 0.32);
      });
    } catch (problem) { /* A browser without sound. */ }
  };
  /* Of several open tabs one sounds: whichever says first that it does. */
  var isFirst = function (id) {
    try {
      if (Number(localStorage.getItem("salesbot-news")) >= id) { return false; }
      localStorage.setItem("salesbot-news", id);
    } catch (problem) { /* Without storage each tab sounds. */ }
    return true;
  };
  var line = function (one) {
    // Whoever has the very page open sees it there.
    if (one.address.split("#")[0] === location.pathname + location.search) { return; }
    var made = document.createElement("div");
    made.className = "sb-news-line";
    var link = document.createElement("a");
    link.href = one.address;
    link.textContent = one.words;
    var close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.setAttribute("aria-label", corner.dataset.close);
    close.textContent = "×";
    close.addEventListener("click", function () { made.remove(); });
    made.append(link, close);
    corner.append(made);
    // It covers what is under it, so it goes by itself, unless somebody is about to use it.
    var leave = function () {
      if (made.matches(":hover, :focus-within")) { window.setTimeout(leave, 4000); } else { made.remove(); }
    };
    window.setTimeout(leave, 8000);
    while (corner.children.length > 4) { corner.firstElementChild.remove(); }
  };
  var look = function () {
    var address = corner.dataset.newsLatest + (last === null ? "" : "?after=" + last);
    window.salesbot.poll(address)
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (now) {
        if (!now) { return; }
        document.title = now.waiting ? "(" + now.waiting + ") " + title : title;
        now.news.forEach(line);
        var newest = now.news.length ? now.news[now.news.length - 1].id : 0;
        // A device that shows the news itself rings by itself while nobody looks at this page.
        var rings = window.salesbot.push.on && !document.hasFocus();
        if (newest && now.sound && !rings && isFirst(newest)) { chime(); }
        last = now.news.length ? newest : now.last;
      })
      .catch(function () { /* The next try comes soon. */ });
  };
  look();
  window.setInterval(look, EVERY);
})();
