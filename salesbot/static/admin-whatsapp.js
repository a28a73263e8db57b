/* The page that connects WhatsApp: shows by itself what comes in. */
(function () {
  "use strict";

  var heard = document.getElementById("wa-heard");
  setInterval(function () {
    if (document.hidden) { return; }
    window.salesbot.poll(heard.dataset.address)
      .then(function (answer) {
        var version = answer.headers.get("X-Version");
        if (!answer.ok || !version || version === heard.dataset.version) { return null; }
        return answer.text().then(function (html) {
          heard.dataset.version = version;
          heard.innerHTML = html;
          window.salesbot.showTimes(heard);
        });
      })
      .catch(function () { /* the next look tries again */ });
  }, 2000);
})();
