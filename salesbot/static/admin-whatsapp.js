/* The page that connects WhatsApp: copies addresses, and shows by itself what comes in. */
(function () {
  "use strict";

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var field = document.getElementById(button.dataset.copy);
      field.select();
      var copied = navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.reject();
      copied.catch(function () { document.execCommand("copy"); }).then(function () {
        var before = button.textContent;
        button.textContent = button.dataset.done;
        setTimeout(function () { button.textContent = before; }, 1500);
      });
    });
  });

  var heard = document.getElementById("wa-heard");
  setInterval(function () {
    if (document.hidden) { return; }
    fetch(heard.dataset.address, { credentials: "same-origin", redirect: "error" })
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
