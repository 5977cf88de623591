// What Grafana's server pages do before a panel is drawn: they enter the transformations, and say where Grafana is.
'use strict';

function setUp(grafana, entered) {
  grafana.standardTransformersRegistry.setInit(() => transformers(grafana, entered));
  grafana.locationUtil.initialize({ config: { appSubUrl: '' } });
}

// Some are listed under an old name as well; the registry wants each once.
function transformers(grafana, entered) {
  return [...new Set(Object.values(grafana.standardTransformers))].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: entered(transformation),
  }));
}

module.exports = { setUp };
