// Each kind of panel. Where Grafana's library has the component, it is used; gauge, timeline, bars by calendar and heat
// map are part of Grafana's server and are drawn in `drawn.jsx`.
import { dateTime, EventBusSrv, getDisplayValueAlignmentFactors, getFieldDisplayValues, VizOrientation } from '@grafana/data';
import { BarGauge, BigValue, PanelContextProvider, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import React from 'react';
import { CalendarBars, Gauge, Heatmap, Timeline } from './drawn.jsx';

const CONTEXT = { eventBus: new EventBusSrv(), eventsScope: '__global_' };

export function timeRangeOf({ from, to }) {
  const range = { from: dateTime(from * 1000), to: dateTime(to * 1000) };
  return { ...range, raw: range };
}

function Repeated({ panel, frames, theme, timeZone, width, height, children, ...more }) {
  const values = () =>
    getFieldDisplayValues({
      fieldConfig: panel.fieldConfig,
      reduceOptions: panel.options.reduceOptions,
      replaceVariables: (text) => text,
      theme,
      data: frames,
      timeZone,
    });
  return (
    <VizRepeater
      getValues={values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      source={frames}
      renderCounter={0}
      width={width}
      height={height}
      orientation={panel.options.orientation}
      renderValue={children}
      {...more}
    />
  );
}

function Stat(props) {
  const { options } = props.panel;
  return (
    <Repeated {...props} autoGrid>
      {({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display}
          alignmentFactors={alignmentFactors}
          count={count}
          width={width}
          height={height}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          text={options.text}
          disableWideLayout={!options.wideLayout}
          theme={props.theme}
        />
      )}
    </Repeated>
  );
}

function Bars(props) {
  const { options } = props.panel;
  return (
    <Repeated {...props} itemSpacing={10} minVizHeight={options.minVizHeight} maxVizHeight={options.maxVizHeight}>
      {({ value, width, height, orientation, alignmentFactors }) => (
        <BarGauge
          value={value.display}
          alignmentFactors={alignmentFactors}
          width={width}
          height={height}
          orientation={orientation}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          theme={props.theme}
          itemSpacing={10}
          displayMode={options.displayMode}
          showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
        />
      )}
    </Repeated>
  );
}

function Dials(props) {
  return (
    <Repeated {...props} autoGrid orientation={VizOrientation.Auto}>
      {({ value, width, height, count }) => (
        <Gauge value={value.display} field={value.field} width={width} height={height} named={count > 1} theme={props.theme} />
      )}
    </Repeated>
  );
}

function Lines({ panel, frames, theme, timeZone, width, height, range }) {
  return (
    <PanelContextProvider value={CONTEXT}>
      <TimeSeries
        frames={frames}
        width={width}
        height={height}
        timeRange={timeRangeOf(range)}
        timeZone={timeZone}
        legend={panel.options.legend}
        options={panel.options}
        structureRev={1}
        theme={theme}
      />
    </PanelContextProvider>
  );
}

function Rows({ panel, frames, width, height, range }) {
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      timeRange={timeRangeOf(range)}
      sortBy={panel.options.sortBy}
      cellHeight={panel.options.cellHeight}
      enableSharedCrosshair={false}
      structureRev={1}
    />
  );
}

export const KINDS = {
  stat: Stat,
  bargauge: Bars,
  gauge: Dials,
  timeseries: Lines,
  table: Rows,
  'state-timeline': Timeline,
  barchart: CalendarBars,
  heatmap: Heatmap,
};
