// The form that the manifest makes: one field per feature, filled with a golden example.

import { byId, h } from "./dom.js";
import { field } from "./field.js";
import { filled, hasStore } from "./instance.js";
import { own } from "./words.js";

/** Build the form. Returns `read()`, `write(instance)`, `faults(errors)` and `next()` for the next golden example. */
export function form(manifest, picture) {
  const fields = manifest.features.map((feature, i) =>
    field(feature, i, manifest, own(picture.features, feature.name)),
  );
  const entity = hasStore() && h("input", { id: "entity", autocomplete: "off", spellcheck: "false" });
  byId("fields").replaceChildren(...(entity ? [entityField(entity)] : []), ...fields.map((each) => each.element));
  let example = -1;
  const made = {
    /** The instance as it is filled in, or null with every fault shown and the first field in focus. */
    read() {
      const found = fields.map((each) => each.read());
      const { instance, problems } = filled(manifest.features, found, entity ? entity.value.trim() : "");
      fields.forEach((each, i) => each.fault(problems[i]));
      const first = problems.findIndex(Boolean);
      if (first < 0) return instance;
      fields[first].box.focus();
      return null;
    },
    write(instance) {
      fields.forEach((each, i) => each.write(own(instance, manifest.features[i].name)));
      fields.forEach((each) => each.fault(""));
    },
    /** Show the service's word on bad fields, each at its own. Returns whether all have found their place. */
    faults(errors) {
      const placed = errors.map(({ pointer, detail }) => {
        const index = manifest.features.findIndex(({ name }) => pointer === `/instances/0/${escaped(name)}`);
        fields[index]?.fault(detail);
        return index >= 0;
      });
      return placed.length > 0 && placed.every(Boolean);
    },
    next() {
      example = (example + 1) % manifest.examples.length;
      made.write(manifest.examples[example].instance);
    },
  };
  made.next();
  return made;
}

/** Whose features the store is asked for. */
function entityField(box) {
  const help = "What you leave empty below comes from the feature store, for this id.";
  box.setAttribute("aria-describedby", "entity-help");
  return h(
    "div",
    { class: "field" },
    h("div", { class: "field-head" }, h("label", { for: "entity" }, "Entity id"), box),
    h("p", { id: "entity-help", class: "soft" }, help),
  );
}

/** A name as a JSON pointer has it (RFC 6901 §3). */
function escaped(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
