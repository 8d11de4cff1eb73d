// Answers of Prometheus as Grafana's data frames, transformed and configured as a panel says.
import {
  applyFieldOverrides,
  FieldConfigOptionsRegistry,
  FieldType,
  getFieldDisplayName,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const STANDARD = ['unit', 'decimals', 'min', 'max', 'noValue', 'mappings', 'thresholds', 'color', 'links', 'displayName'];

standardTransformersRegistry.setInit(() =>
  [...new Map(Object.values(standardTransformers).map((one) => [one.id, one])).values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: () => Promise.resolve(transformation),
    editor: () => null,
  }))
);

// Grafana's panels bring a registry of their own options. Here whatever the panel sets is an option.
function registry(fieldConfig) {
  const set = fieldConfig.overrides.flatMap((one) => one.properties.map(({ id }) => id));
  const custom = [...set, ...Object.keys(fieldConfig.defaults.custom ?? {}).map((id) => `custom.${id}`)]
    .filter((id) => id.startsWith('custom.'));
  const items = [...new Set([...STANDARD, ...custom])].map((id) => ({
    id,
    path: id.replace('custom.', ''),
    isCustom: id.startsWith('custom.'),
    name: id,
    process: (value) => value,
    shouldApply: () => true,
    override: () => null,
    editor: () => null,
  }));
  return new FieldConfigOptionsRegistry(() => items);
}

function legendOf(format, labels) {
  if (format) {
    return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? name);
  }
  const shown = Object.entries(labels).filter(([name]) => name !== '__name__').map(([name, value]) => `${name}="${value}"`);
  return `${labels.__name__ ?? ''}{${shown.join(', ')}}`;
}

// Where a step is missing, the line has to end.
function withGaps(points, step) {
  return points.flatMap((point, place) => {
    const before = points[place - 1]?.[0] ?? point[0];
    return point[0] - before > step ? [[before + step, null], point] : [point];
  });
}

function seriesFrame(target, { metric, values, value }, step) {
  const points = values ? withGaps(values, step) : [value];
  const { __name__, ...labels } = metric;
  return {
    refId: target.refId,
    name: legendOf(target.legendFormat, metric),
    meta: {},
    length: points.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: points.map(([time]) => time * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels,
        config: { displayNameFromDS: legendOf(target.legendFormat, metric) },
        values: points.map(([, text]) => (text === null ? null : Number(text))),
      },
    ],
  };
}

function tableFrame(target, series, several) {
  const names = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].filter((name) => name !== '__name__').sort();
  const column = (name, type, values) => ({ name, type, config: {}, values });
  return {
    refId: target.refId,
    meta: {},
    length: series.length,
    fields: [
      column('Time', FieldType.time, series.map(({ value }) => value[0] * 1000)),
      ...names.map((name) => column(name, FieldType.string, series.map(({ metric }) => metric[name] ?? ''))),
      column(several ? `Value #${target.refId}` : 'Value', FieldType.number, series.map(({ value }) => Number(value[1]))),
    ],
  };
}

function asFrames({ panel, results, step }) {
  return panel.targets.flatMap((target) => {
    const series = results[target.refId];
    if (target.format !== 'table') {
      return series.map((one) => seriesFrame(target, one, step));
    }
    return series.length ? [tableFrame(target, series, panel.targets.length > 1)] : [];
  });
}

// Not among the transformations of the library: the last value of a query becomes an option of the other fields.
function configFromData(frames, { configRefId, mappings }) {
  const source = frames.find(({ refId }) => refId === configRefId);
  const value = source?.fields.find(({ type }) => type === FieldType.number)?.values.at(-1);
  const rest = frames.filter(({ refId }) => refId !== configRefId);
  if (value === undefined) {
    return rest;
  }
  return rest.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) =>
      field.type === FieldType.number
        ? { ...field, config: { ...field.config, [mappings[0].handlerKey]: value } }
        : field
    ),
  }));
}

async function transformed(frames, transformations = []) {
  for (const { id, options } of transformations) {
    if (id === 'configFromData') {
      frames = configFromData(frames, options);
    } else {
      frames = await firstValueFrom(transformDataFrame([{ id, options }], frames, { interpolate: (text) => text }));
    }
  }
  return frames;
}

export async function framesOf(asked, theme, timeZone) {
  const { fieldConfig, transformations } = asked.panel;
  const frames = applyFieldOverrides({
    data: await transformed(asFrames(asked), transformations),
    fieldConfig,
    fieldConfigRegistry: registry(fieldConfig),
    replaceVariables: (text) => text,
    theme,
    timeZone,
  });
  for (const frame of frames) {
    for (const field of frame.fields) {
      field.state = { ...field.state, displayName: getFieldDisplayName(field, frame, frames) };
    }
  }
  return frames;
}
