// Answers of Prometheus as the data frames Grafana makes of them.
//
// As Grafana documents its Prometheus data source: the format "Time series" gives a frame for each series, named by the
// legend, in which a label that a series lacks is an empty text; the format "Table" gives one frame for each query, with a
// column for each label and one for the value. That is called `Value`, or, where several queries answer,
// `Value #` and the letter of the query. A query without an answer leaves a table without rows.
'use strict';

const STALE = { NaN, '+Inf': Infinity, '-Inf': -Infinity };

function number(text) {
  return text in STALE ? STALE[text] : Number(text);
}

function legend(template, labels) {
  return template.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name) => labels[name] ?? '');
}

function timeSeries(target, answer) {
  return answer.series.map(({ labels, points }) => ({
    refId: target.refId,
    length: points.length,
    fields: [
      { name: 'Time', type: 'time', config: { interval: answer.step }, values: points.map(([at]) => 1000 * at) },
      {
        name: 'Value',
        type: 'number',
        labels,
        config: { displayNameFromDS: legend(target.legendFormat ?? '', labels) },
        values: points.map(([, value]) => number(value)),
      },
    ],
  }));
}

function table(target, answer, valueName) {
  const names = [...new Set(answer.series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const rows = answer.series.flatMap(({ labels, points }) => points.map(([at, value]) => ({ labels, at, value })));
  return {
    refId: target.refId,
    length: rows.length,
    fields: [
      { name: 'Time', type: 'time', config: {}, values: rows.map(({ at }) => 1000 * at) },
      ...names.map((name) => ({
        name,
        type: 'string',
        config: { filterable: true },
        values: rows.map(({ labels }) => labels[name] ?? ''),
      })),
      { name: valueName, type: 'number', config: {}, values: rows.map(({ value }) => number(value)) },
    ],
  };
}

function frames(panel, answers) {
  const asked = panel.targets.map((target) => ({ target, answer: answers[target.refId] }));
  const tables = asked.filter(({ target }) => target.format === 'table');
  const valueName = ({ refId }) => (tables.length > 1 ? `Value #${refId}` : 'Value');
  return [
    ...tables.map(({ target, answer }) => table(target, answer, valueName(target))),
    ...asked
      .filter(({ target }) => target.format !== 'table')
      .flatMap(({ target, answer }) => timeSeries(target, answer)),
  ];
}

module.exports = { frames };
