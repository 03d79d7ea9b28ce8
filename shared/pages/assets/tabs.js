// Tabs as the WAI-ARIA pattern has them: arrow keys move, one tab is in the tab order, the panel follows.

/** Make a tab list work; the address's hash names the panel that is shown. `fill` builds panels when first shown. */
export function start(list, fill) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const select = (chosen) => shown(tabs, chosen, fill);
  for (const tab of tabs) tab.addEventListener("click", () => select(tab));
  list.addEventListener("keydown", (event) => {
    const to = target(event.key, tabs.indexOf(event.target), tabs.length);
    if (to === undefined) return;
    event.preventDefault();
    select(tabs.at(to % tabs.length));
    tabs.at(to % tabs.length).focus();
  });
  const named = () => tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  addEventListener("hashchange", () => named() && select(named()));
  select(named() || tabs[0]);
}

function target(key, at, many) {
  return { ArrowRight: at + 1, ArrowLeft: at - 1 + many, Home: 0, End: many - 1 }[key];
}

function shown(tabs, chosen, fill) {
  const name = chosen.getAttribute("aria-controls");
  if (Object.hasOwn(fill, name)) fill[name]();
  delete fill[name];
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
}
