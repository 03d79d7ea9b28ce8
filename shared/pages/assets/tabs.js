// Tabs in the WAI-ARIA pattern: arrow keys move between tabs, and only the selected tab is in the tab order.

/** Start a tab list. The hash of the address names the open panel; `builders` build panels when they first open. */
export function startTabs(tabList, builders) {
  const tabs = [...tabList.querySelectorAll("[role=tab]")];
  const select = (tab) => selectTab(tabs, tab, builders);
  for (const tab of tabs) tab.addEventListener("click", () => select(tab));
  tabList.addEventListener("keydown", (event) => {
    const position = nextPosition(event.key, tabs.indexOf(event.target), tabs.length);
    if (position === undefined) return;
    event.preventDefault();
    const tab = tabs.at(position % tabs.length);
    select(tab);
    tab.focus();
  });
  const findTabOfAddress = () => tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  addEventListener("hashchange", () => findTabOfAddress() && select(findTabOfAddress()));
  select(findTabOfAddress() || tabs[0]);
}

function nextPosition(key, position, count) {
  return { ArrowRight: position + 1, ArrowLeft: position - 1 + count, Home: 0, End: count - 1 }[key];
}

function selectTab(tabs, selected, builders) {
  const panelId = selected.getAttribute("aria-controls");
  if (Object.hasOwn(builders, panelId)) builders[panelId]();
  delete builders[panelId];
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === selected));
    tab.tabIndex = tab === selected ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== selected;
  }
}
