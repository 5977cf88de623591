// Variables in links, filled in as Grafana documents them: the dashboard's own, with the formats `queryparam` and
// `uriencode`; `__data.fields`, which is what a cell of the same row shows; `__url_time_range`.
'use strict';

const VARIABLE = /\$\{([\w.]+)(?::(\w+))?\}|\$(\w+)/g;

function replacer(grafana, dashboard, range) {
  const own = (name, format) => {
    const value = String(dashboard[name]);
    return format === 'queryparam' ? `var-${name}=${encodeURIComponent(value)}` : formatted(value, format);
  };
  return (text, scoped = {}, outer = undefined) =>
    text.replace(VARIABLE, (whole, braced, format, bare) => {
      const name = braced ?? bare;
      if (name === '__url_time_range') {
        return `from=${range.from}&to=${range.to}`;
      }
      if (name.startsWith('__data.fields.')) {
        return formatted(shown(grafana, name.slice('__data.fields.'.length), scoped) ?? whole, format ?? outer);
      }
      return name in dashboard ? own(name, format ?? outer) : whole;
    });
}

function shown(grafana, name, scoped) {
  const { frame, rowIndex } = scoped.__dataContext?.value ?? {};
  return frame && grafana.getFieldDisplayValuesProxy({ frame, rowIndex })[name]?.toString();
}

function formatted(value, format) {
  return format === 'uriencode' ? encodeURI(value) : value;
}

module.exports = { replacer };
