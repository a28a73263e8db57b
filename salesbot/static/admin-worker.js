/* News on a device of staff, also when no page is open: shows what the shop sends, and opens its page. */
"use strict";

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });

/* Safari takes the permission away from whoever shows nothing, whatever the reason. */
var mustShow = /AppleWebKit/.test(navigator.userAgent) && !/Chrome|Chromium|Edg/.test(navigator.userAgent);

/* A page of the back office, and nothing else, whatever was sent. */
function pageOf(address) {
  var home = new URL(self.registration.scope);
  var wanted = new URL(String(address || "").replace(/^\/admin\//, ""), home);
  return wanted.href.startsWith(home.href) ? wanted.href : home.href;
}

function openPages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(function (pages) {
    return pages.filter(function (page) { return page.url.startsWith(self.registration.scope); });
  });
}

self.addEventListener("push", function (event) {
  var news = {};
  try { news = event.data.json(); } catch (problem) { /* Something is shown all the same. */ }
  event.waitUntil(openPages().then(function (pages) {
    // Whoever looks at the back office at this moment is told there.
    var looking = pages.some(function (page) { return page.visibilityState === "visible" && page.focused; });
    if (looking && !news.test && !mustShow) { return undefined; }
    return self.registration.showNotification(news.title || "salesbot", {
      body: news.body || "",
      tag: news.tag || "news",
      icon: pageIcon("admin-icon-192.png"),
      badge: pageIcon("admin-badge.png"),
      data: { address: news.address || "" },
    });
  }));
});

function pageIcon(name) { return new URL("../static/" + name, self.registration.scope).href; }

self.addEventListener("notificationclick", function (event) {
  event.notification.close();
  var target = pageOf(event.notification.data && event.notification.data.address);
  event.waitUntil(openPages().then(function (pages) {
    // A page where somebody may be typing is left alone.
    var there = pages.find(function (page) { return page.url.split("#")[0] === target.split("#")[0]; });
    return there ? there.focus() : self.clients.openWindow(target);
  }));
});
