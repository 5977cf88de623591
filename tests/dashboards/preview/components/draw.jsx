// Draws panels with Grafana's own components, each into the element `panel-` and its number.
//
// `DRAWN` holds what the page is of: looks at panels, as `../../grafana/read.cjs` takes them, each with `number`, `width`
// and `height` in pixels. What stands here around the components is what Grafana's panels do with the options.
import * as grafana from '@grafana/data';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { prepared } from '../../grafana/panels.cjs';
import { newest } from '../../grafana/values.cjs';
import { setUp } from '../../grafana/setup.cjs';
import { Timeline } from './timeline.jsx';

// Imported, it would be the package's module for Node.js, whose imports of older packages a bundle gets wrong.
const {
  BarGauge, BigValue, PanelContextProvider, Table, ThemeContext, TimeSeries, VizRepeater,
} = require('@grafana/ui');

const theme = grafana.createTheme({ colors: { mode: 'dark' } });
const SCOPE = { eventBus: new grafana.EventBusSrv(), eventsScope: 'preview', canAddAnnotations: () => false };

function Stat({ look, context, data }) {
  const { options } = look.panel;
  return (
    <Repeated
      look={look}
      values={newest(context, data)}
      orientation="auto"
      one={({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display}
          count={count}
          width={width}
          height={height}
          alignmentFactors={alignmentFactors}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          textMode={options.textMode}
          text={options.text}
          justifyMode={options.justifyMode ?? 'auto'}
          theme={theme}
        />
      )}
    />
  );
}

function Bars({ look, context, data }) {
  const { options } = look.panel;
  return (
    <Repeated
      look={look}
      values={newest(context, data)}
      orientation={options.orientation}
      one={({ value, width, height, alignmentFactors, orientation }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          width={width}
          height={height}
          alignmentFactors={alignmentFactors}
          orientation={orientation}
          displayMode={options.displayMode}
          text={options.text}
          valueDisplayMode={options.valueMode}
          showUnfilled
          itemSpacing={10}
          lcdCellWidth={12}
          theme={theme}
        />
      )}
    />
  );
}

function Repeated({ look, values, orientation, one }) {
  return (
    <VizRepeater
      source={values}
      getValues={() => values}
      getAlignmentFactors={(all) => grafana.getDisplayValueAlignmentFactors(all)}
      renderValue={one}
      renderCounter={0}
      width={look.width}
      height={look.height}
      orientation={orientation}
      itemSpacing={10}
      maxVizHeight={300}
      minVizWidth={8}
      minVizHeight={16}
      autoGrid
    />
  );
}

function Rows({ look, data }) {
  return (
    <Table
      data={data[0]}
      width={look.width}
      height={look.height}
      initialSortBy={look.panel.options.sortBy}
      cellHeight={look.panel.options.cellHeight}
      fieldConfig={look.panel.fieldConfig}
      timeRange={timeRange(look)}
      showTypeIcons={false}
      ariaLabel={look.panel.title}
    />
  );
}

function Lines({ look, data }) {
  const range = timeRange(look);
  const [refFieldPseudoMin, refFieldPseudoMax] = [range.from.valueOf(), range.to.valueOf()];
  // Where points are missing, or are no numbers, no line is drawn.
  const gaps = (frame) =>
    grafana.applyNullInsertThreshold({ frame: finite(frame), refFieldPseudoMin, refFieldPseudoMax });
  return (
    <TimeSeries
      frames={data.map(gaps)}
      width={look.width}
      height={look.height}
      timeRange={range}
      timeZone="utc"
      legend={look.panel.options.legend}
      structureRev={1}
      options={look.panel.options}
    />
  );
}

function finite(frame) {
  const values = (field) => field.values.map((value) => (Number.isFinite(value) ? value : null));
  return { ...frame, fields: frame.fields.map((field) => ({ ...field, values: values(field) })) };
}

function Nothing({ look }) {
  return <div className="none">{look.panel.fieldConfig.defaults.noValue}</div>;
}

function timeRange({ now }) {
  const [from, to] = [grafana.dateTime(now - 86_400_000), grafana.dateTime(now)];
  return { from, to, raw: { from, to } };
}

function States({ look, data }) {
  return <Timeline grafana={grafana} theme={theme} look={look} data={data} />;
}

const KINDS = { bargauge: Bars, stat: Stat, 'state-timeline': States, table: Rows, timeseries: Lines };

async function draw(look) {
  const { context, data } = await prepared(grafana, theme, look);
  const kind = KINDS[look.panel.type];
  // A value or a bar says by itself that there is none.
  const empty = kind !== Stat && kind !== Bars && !data.some((frame) => frame.length > 0);
  const Panel = empty ? Nothing : kind;
  createRoot(document.getElementById(`panel-${look.number}`)).render(
    <ThemeContext.Provider value={theme}>
      <PanelContextProvider value={SCOPE}>
        <Panel look={look} context={context} data={data} />
      </PanelContextProvider>
    </ThemeContext.Provider>
  );
}

async function main() {
  setUp(grafana, (transformation) => transformation);
  for (const look of globalThis.DRAWN) {
    Date.now = () => look.now;
    await draw(look);
  }
}

main();
