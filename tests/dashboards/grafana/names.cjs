// Names in a panel that nothing bears: a column, a series, a setting, a unit, a calculation. Grafana passes over each of
// them without a word.
'use strict';

const { settings } = require('./settings.cjs');

function missing(grafana, panel, steps, registry) {
  return [
    ...panel.transformations.flatMap((one, at) => ofTransformation(grafana, one, steps[at])),
    ...ofOverrides(grafana, panel, steps.at(-1)),
    ...ofSort(grafana, panel, steps.at(-1)),
    ...settings(panel)
      .filter((id) => !registry.getIfExists(id))
      .map((id) => `setting ${id}`),
    ...units(panel)
      .filter((id) => !unitsOf(grafana).has(id))
      .map((id) => `unit ${id}`),
    ...(panel.options.reduceOptions?.calcs ?? panel.options.legend?.calcs ?? [])
      .filter((id) => !grafana.fieldReducers.getIfExists(id))
      .map((id) => `calculation ${id}`),
  ];
}

function ofTransformation(grafana, { id, options }, frames) {
  if (!grafana.standardTransformersRegistry.getIfExists(id)) {
    return [`transformation ${id}`];
  }
  const { excludeByName = {}, indexByName = {}, renameByName = {}, sort = [] } = options;
  const named = [excludeByName, indexByName, renameByName].flatMap(Object.keys).concat(sort.map(({ field }) => field));
  const there = displayNames(grafana, frames);
  return [...new Set(named)].filter((name) => !there.has(name)).map((name) => `${id}: ${name}`);
}

function ofOverrides(grafana, panel, frames) {
  return panel.fieldConfig.overrides
    .filter(({ matcher }) => {
      const matches = grafana.fieldMatchers.get(matcher.id).get(matcher.options);
      return !frames.some((frame) => frame.fields.some((field) => matches(field, frame, frames)));
    })
    .map(({ matcher }) => `override: ${matcher.options}`);
}

function ofSort(grafana, panel, frames) {
  const columns = displayNames(grafana, frames);
  const ofTable = (panel.options.sortBy ?? []).map(({ displayName }) => displayName).filter((name) => !columns.has(name));
  const { sortBy, calcs = [] } = panel.options.legend ?? {};
  const calculated = calcs.map((id) => grafana.fieldReducers.get(id).name);
  return [...ofTable, ...(sortBy && !calculated.includes(sortBy) ? [sortBy] : [])].map((name) => `sort: ${name}`);
}

function displayNames(grafana, frames) {
  return new Set(
    frames.flatMap((frame) => frame.fields.map((field) => grafana.getFieldDisplayName(field, frame, frames)))
  );
}

function units({ fieldConfig: { defaults, overrides } }) {
  const overriding = overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit'));
  return [defaults.unit, ...overriding.map(({ value }) => value)];
}

function unitsOf(grafana) {
  const leaves = (options) => options.flatMap((one) => (one.submenu ? leaves(one.submenu) : [one.value]));
  return new Set(leaves(grafana.getValueFormats()));
}

module.exports = { missing };
