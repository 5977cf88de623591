// The values of a panel that shows no course of time, as its option says how they are got from the series.
'use strict';

function newest({ grafana, theme, panel, fieldConfig, replace }, data) {
  return grafana.getFieldDisplayValues({
    data,
    fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: replace,
    theme,
    timeZone: 'utc',
  });
}

module.exports = { newest };
