// What a person reads on a panel: texts, colours and links, as Grafana's own code makes them of the data frames.
'use strict';

const { firstValueFrom } = require('rxjs');
const { frames } = require('./frames.cjs');
const { missing } = require('./names.cjs');
const { registry, withDefaults } = require('./settings.cjs');
const { newest } = require('./values.cjs');
const { replacer } = require('./variables.cjs');

async function read(grafana, theme, look) {
  const { context, data, steps, known } = await prepared(grafana, theme, look);
  const { panel, replace } = context;
  return {
    missing: missing(grafana, panel, steps, known),
    links: (panel.links ?? []).map(({ url }) => replace(url)),
    ...KINDS[panel.type](context, data),
  };
}

// The data frames as a panel draws them, and what they were made of.
async function prepared(grafana, theme, { panel, answers, variables, range }) {
  const replace = replacer(grafana, variables, range);
  const known = registry(grafana, panel.type);
  const steps = await transformed(grafana, panel.transformations, frames(panel, answers), replace);
  const fieldConfig = withDefaults(panel);
  const data = grafana.applyFieldOverrides({
    data: steps.at(-1),
    fieldConfig,
    fieldConfigRegistry: known,
    replaceVariables: replace,
    theme,
    timeZone: 'utc',
  });
  return { context: { grafana, theme, panel, fieldConfig, replace }, data, steps, known };
}

// The frames before the first transformation, after it, and so on.
async function transformed(grafana, transformations, untouched, replace) {
  const steps = [untouched];
  for (const one of transformations) {
    const known = grafana.standardTransformersRegistry.getIfExists(one.id) ? [one] : [];
    steps.push(await firstValueFrom(grafana.transformDataFrame(known, steps.at(-1), { interpolate: replace })));
  }
  return steps;
}

function table({ grafana, panel, theme }, data) {
  const [frame] = data;
  const fields = frame?.fields.filter((field) => !field.config.custom?.hidden) ?? [];
  const columns = fields.map((field) => ({
    name: grafana.getFieldDisplayName(field, frame, data),
    kind: field.config.custom?.cellOptions?.type ?? 'auto',
  }));
  const order = sorted(panel.options.sortBy, columns, fields, frame?.length ?? 0);
  const rows = order.map((row) => fields.map((field) => cell(grafana, theme, field, row)));
  return { columns, rows, nothing: panel.fieldConfig.defaults.noValue };
}

function cell(grafana, theme, field, row) {
  const shown = field.display(field.values[row]);
  const links = field.getLinks({ valueRowIndex: row }).map(({ title, href }) => ({ title, href }));
  return { ...said(grafana, theme, shown), ...(links.length > 0 ? { links } : {}) };
}

// By the columns a table is sorted by, the first of them first: numbers by size, texts by the alphabet.
function sorted(sortBy, columns, fields, length) {
  const by = sortBy.map(({ displayName, desc }) => ({
    values: fields[columns.findIndex(({ name }) => name === displayName)]?.values ?? [],
    sign: desc ? -1 : 1,
  }));
  const compared = (left, right) =>
    by.reduce((order, { values, sign }) => order || sign * compare(values[left], values[right]), 0);
  return Array.from({ length }, (_, row) => row).sort(compared);
}

function compare(left, right) {
  if (typeof left === 'string' || typeof right === 'string') {
    return String(left ?? '').localeCompare(String(right ?? ''));
  }
  return (left ?? -Infinity) === (right ?? -Infinity) ? 0 : (left ?? -Infinity) - (right ?? -Infinity);
}

function values(context, data) {
  const { grafana, theme, fieldConfig } = context;
  const of = ({ display }) => ({ name: display.title ?? '', ...said(grafana, theme, display) });
  return { values: newest(context, data).map(of), nothing: fieldConfig.defaults.noValue };
}

function lines({ grafana, theme, panel, fieldConfig }, data) {
  const { calcs } = panel.options.legend;
  const of = (field, frame) => {
    const reduced = grafana.reduceField({ field, reducers: calcs });
    return {
      name: grafana.getFieldDisplayName(field, frame, data),
      // A colour of the palette says nothing, and is another in another version.
      color: field.config.color.mode === 'fixed' ? named(grafana, theme, field.config.color.fixedColor) : null,
      dashed: field.config.custom.lineStyle?.fill === 'dash',
      legend: calcs.map((id) => grafana.formattedValueToString(field.display(reduced[id]))),
    };
  };
  return { series: ofNumbers(data, of), nothing: fieldConfig.defaults.noValue };
}

function states({ grafana, theme, fieldConfig }, data) {
  const of = (field, frame) => ({
    name: grafana.getFieldDisplayName(field, frame, data),
    states: [...new Set(field.values)].map((value) => said(grafana, theme, field.display(value))),
  });
  return { series: ofNumbers(data, of), nothing: fieldConfig.defaults.noValue };
}

function ofNumbers(data, of) {
  return data.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number').map((field) => of(field, frame)));
}

function said(grafana, theme, display) {
  return { text: grafana.formattedValueToString(display), color: named(grafana, theme, display.color) };
}

// The name by which the dashboards call a colour; others stay as they are.
function named(grafana, theme, color) {
  const hex = (name) => grafana.colorManipulator.asHexString(theme.visualization.getColorByName(name)).toLowerCase();
  return COLORS.find((name) => hex(name) === hex(color)) ?? color;
}

const COLORS = ['blue', 'green', 'orange', 'purple', 'red', 'text', 'yellow'];
const KINDS = { bargauge: values, stat: values, 'state-timeline': states, table, timeseries: lines };

module.exports = { prepared, read };
