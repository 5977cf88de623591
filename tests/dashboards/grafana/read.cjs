// Reads panels by the code of two versions of Grafana: `node read.cjs`, JSON in, JSON out.
//
// In: a list of looks at a panel, each with `panel` (its JSON), `now` in milliseconds, `answers` (by the letter of the
// query: `step` in milliseconds and `series` of `labels` and `points`), `variables` and `range`.
// Out: by version, what a person reads at each of them.
'use strict';

const { readFileSync } = require('node:fs');

// Version 13 first: it asks whether there is a window and then wants a whole browser. Version 11 wants some of one.
const newer = require('grafana-data-13');
globalThis.window = { location: { origin: 'http://grafana', pathname: '/', search: '' } };
globalThis.navigator ??= { language: 'en-US', languages: ['en-US'] };
const older = require('grafana-data-11');
const { read } = require('./panels.cjs');
const { setUp } = require('./setup.cjs');

// Version 13 loads a transformation when it is first used.
const VERSIONS = {
  11: { grafana: older, entered: (transformation) => transformation },
  13: { grafana: newer, entered: (transformation) => () => transformation },
};

async function main() {
  const looks = JSON.parse(readFileSync(0, 'utf8'));
  const all = {};
  for (const [version, { grafana, entered }] of Object.entries(VERSIONS)) {
    setUp(grafana, entered);
    const theme = grafana.createTheme({ colors: { mode: 'dark' } });
    all[version] = [];
    for (const look of looks) {
      Date.now = () => look.now;
      all[version].push(await read(grafana, theme, look));
    }
  }
  process.stdout.write(JSON.stringify(all));
}

main();
