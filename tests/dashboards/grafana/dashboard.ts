// What a dashboard's JSON must be: Grafana's own types, with the options and field settings of each kind of panel in
// place of "anything", and enums as the literals that stand in JSON.
import type { AnnotationQuery, Dashboard, FieldConfig, FieldConfigSource, Panel, RowPanel } from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen';
import type { DataQuery } from '@grafana/schema';
import type * as BarGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as StateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// The package has no types for queries to Prometheus: these are the fields its data source documents.
interface PrometheusQuery extends DataQuery {
  expr: string;
  format: 'time_series' | 'table';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
}

interface PrometheusAnnotation extends AnnotationQuery {
  expr: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  step: string;
}

interface TypedPanel<Name extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Name;
  options: Partial<Options>;
  fieldConfig: Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom } };
  targets: PrometheusQuery[];
}

type KnownPanel =
  | TypedPanel<'bargauge', BarGauge.Options, never>
  | TypedPanel<'stat', Stat.Options, never>
  | TypedPanel<'state-timeline', StateTimeline.Options, StateTimeline.FieldConfig>
  | TypedPanel<'table', Table.Options, Partial<Table.FieldConfig>>
  | TypedPanel<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
  | (Omit<RowPanel, 'type'> & { type: 'row' });

interface KnownDashboard extends Omit<Dashboard, 'panels' | 'annotations'> {
  panels: KnownPanel[];
  annotations: { list: PrometheusAnnotation[] };
}

type Json<T> = T extends string ? `${T}` : T extends (infer Item)[] ? Json<Item>[] : T extends object ? { [Key in keyof T]: Json<T[Key]> } : T;

export type DashboardJson = Json<KnownDashboard>;
