// What can be set of a field: the standard options of every panel and those of each kind, by Grafana's documentation.
// Grafana passes over a setting that it does not know without a word; here it is told.
'use strict';

const LINES = [
  'axisBorderShow', 'axisCenteredZero', 'axisColorMode', 'axisGridShow', 'axisLabel', 'axisPlacement', 'axisSoftMax',
  'axisSoftMin', 'axisWidth', 'barAlignment', 'barWidthFactor', 'drawStyle', 'fillBelowTo', 'fillOpacity', 'gradientMode',
  'hideFrom', 'insertNulls', 'lineInterpolation', 'lineStyle', 'lineWidth', 'pointSize', 'scaleDistribution', 'showPoints',
  'spanNulls', 'stacking', 'thresholdsStyle', 'transform',
];
const CUSTOM = {
  bargauge: [],
  stat: [],
  'state-timeline': ['fillOpacity', 'hideFrom', 'insertNulls', 'lineWidth', 'spanNulls'],
  table: ['align', 'cellOptions', 'filterable', 'hidden', 'inspect', 'minWidth', 'width'],
  timeseries: LINES,
};
const BY_THRESHOLDS = { mode: 'thresholds' };

function registry(grafana, kind) {
  const standard = {
    color: grafana.identityOverrideProcessor,
    decimals: grafana.numberOverrideProcessor,
    displayName: grafana.displayNameOverrideProcessor,
    links: grafana.dataLinksOverrideProcessor,
    mappings: grafana.valueMappingsOverrideProcessor,
    max: grafana.numberOverrideProcessor,
    min: grafana.numberOverrideProcessor,
    noValue: grafana.stringOverrideProcessor,
    thresholds: grafana.thresholdsOverrideProcessor,
    unit: grafana.unitOverrideProcessor,
  };
  const found = new grafana.FieldConfigOptionsRegistry();
  for (const [path, process] of Object.entries(standard)) {
    found.register({ id: path, path, name: path, process, shouldApply: () => true });
  }
  for (const path of CUSTOM[kind]) {
    const process = grafana.identityOverrideProcessor;
    found.register({ id: `custom.${path}`, path, name: path, isCustom: true, process, shouldApply: () => true });
  }
  return found;
}

// Where a panel says nothing of colours, Grafana takes those of the thresholds, and a palette for lines alone.
function withDefaults(panel) {
  const { defaults, overrides } = panel.fieldConfig;
  const color = panel.type === 'timeseries' ? { mode: 'palette-classic' } : BY_THRESHOLDS;
  return { defaults: { ...defaults, color: defaults.color ?? color }, overrides };
}

function settings(panel) {
  const { defaults, overrides } = panel.fieldConfig;
  return [
    ...Object.keys(defaults).filter((id) => id !== 'custom'),
    ...Object.keys(defaults.custom ?? {}).map((id) => `custom.${id}`),
    ...overrides.flatMap(({ properties }) => properties.map(({ id }) => id)),
  ];
}

module.exports = { registry, settings, withDefaults };
