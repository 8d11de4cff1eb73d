// Approximations of the panels that only Grafana's server has, from the same options.
import { dateTimeFormat, FieldType, formattedValueToString, getDisplayProcessor } from '@grafana/data';
import { VizLegend } from '@grafana/ui';
import { LegendDisplayMode } from '@grafana/schema';
import React from 'react';

const numeric = (frame) => frame.fields.filter(({ type }) => type === FieldType.number);
const nameOf = (field) => field.state?.displayName ?? field.name;

export function Gauge({ value, field, width, height, named, theme }) {
  const title = named ? 18 : 0;
  const size = Math.min(width, (height - title) / 0.82) * 0.95;
  const radius = size * 0.4;
  const [cx, cy] = [width / 2, title + (height - title - size * 0.82) / 2 + size * 0.46];
  const { min = 0, max = 100 } = field;
  const share = Math.min(1, Math.max(0, (value.numeric - min) / (max - min || 1)));
  const arc = (from, to, r) => {
    const at = (part) => {
      const angle = ((-215 + 250 * part) * Math.PI) / 180;
      return `${cx + r * Math.cos(angle)} ${cy + r * Math.sin(angle)}`;
    };
    return `M ${at(from)} A ${r} ${r} 0 ${(to - from) * 250 > 180 ? 1 : 0} 1 ${at(to)}`;
  };
  const steps = field.color?.mode === 'thresholds' ? field.thresholds.steps : [];
  const text = formattedValueToString(value);
  const thick = size * 0.11;
  return (
    <svg width={width} height={height}>
      {named && <text x={cx} y={cy - size * 0.46 - 4} textAnchor="middle" fill={theme.colors.text.primary} fontSize={14}>{value.title}</text>}
      <path d={arc(0, 1, radius)} stroke={theme.colors.background.secondary} strokeWidth={thick} fill="none" strokeLinecap="round" />
      {Number.isFinite(share) && share > 0 && (
        <path d={arc(0, share, radius)} stroke={value.color} strokeWidth={thick} fill="none" strokeLinecap="round" />
      )}
      {steps.map((step, place) => {
        const from = place ? (step.value - min) / (max - min) : 0;
        const to = place + 1 < steps.length ? (steps[place + 1].value - min) / (max - min) : 1;
        return <path key={place} d={arc(from, to, radius + thick * 0.75)} stroke={step.color} strokeWidth={3} fill="none" />;
      })}
      <text x={cx} y={cy + size * 0.05} textAnchor="middle" fill={value.color} fontWeight={500} fontSize={Math.min(size * 0.17, (radius * 2.6) / text.length)}>
        {text}
      </text>
    </svg>
  );
}

function axis(range, width, timeZone) {
  const span = range.to - range.from;
  const wanted = span / Math.max(2, width / 110);
  const step = [300, 900, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800].find((one) => one >= wanted) ?? 2592000;
  const offset = -new Date(range.from * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((range.from + offset) / step) * step - offset;
  const ticks = [];
  for (let time = first; time <= range.to; time += step) {
    ticks.push({ time, text: dateTimeFormat(time * 1000, { format: step < 86400 && span < 172800 ? 'HH:mm' : 'MM/DD HH:mm', timeZone }) });
  }
  return ticks;
}

export function Timeline({ panel, frames, width, height, range, step, timeZone, theme }) {
  const fields = frames.flatMap((frame) => numeric(frame).map((field) => ({ field, times: frame.fields[0].values })));
  const label = Math.min(width * 0.35, 8 + 7.2 * Math.max(0, ...fields.map(({ field }) => nameOf(field).length)));
  const row = (height - 26) / fields.length;
  const x = (time) => label + ((time - range.from) / (range.to - range.from)) * (width - label - 8);
  return (
    <svg width={width} height={height}>
      {axis(range, width - label, timeZone).map(({ time, text }) => (
        <text key={time} x={x(time)} y={height - 8} textAnchor="middle" fontSize={12} fill={theme.colors.text.secondary}>{text}</text>
      ))}
      {fields.map(({ field, times }, place) => {
        const runs = [];
        field.values.forEach((value, index) => {
          const last = runs.at(-1);
          const time = times[index] / 1000;
          if (last && last.value === value && time - last.end < step * 1.5) {
            last.end = time + step;
          } else {
            runs.push({ value, begin: time, end: time + step });
          }
        });
        const bar = Math.min(row * panel.options.rowHeight, row - 2);
        return (
          <g key={place} transform={`translate(0, ${place * row + (row - bar) / 2})`}>
            <text x={label - 8} y={bar / 2 + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.primary}>{nameOf(field)}</text>
            {runs.map((run, index) => {
              const shown = field.display(run.value);
              const [left, right] = [x(run.begin), Math.min(x(run.end), width - 8)];
              const text = formattedValueToString(shown);
              return (
                <g key={index}>
                  <rect x={left} width={Math.max(1, right - left)} height={bar} fill={shown.color} fillOpacity={panel.fieldConfig.defaults.custom.fillOpacity / 100} />
                  {right - left > text.length * 7 + 8 && (
                    <text x={left + 5} y={bar / 2 + 4} fontSize={12} fill={theme.colors.getContrastText(shown.color)}>{text}</text>
                  )}
                </g>
              );
            })}
          </g>
        );
      })}
    </svg>
  );
}

function nice(low, high, count) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((one) => one * power >= raw) * power;
  return { low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step, step };
}

export function CalendarBars({ panel, frames, width, height, theme }) {
  const [frame] = frames;
  const fields = numeric(frame);
  const names = frame.fields.find(({ type }) => type !== FieldType.number).values;
  const stacked = panel.options.stacking === 'normal';
  const sums = names.map((_, index) => {
    const values = fields.map((field) => field.values[index] ?? 0);
    const some = (wanted) => values.filter(wanted).reduce((sum, value) => sum + value, 0);
    return stacked ? [some((v) => v < 0), some((v) => v > 0)] : [Math.min(0, ...values), Math.max(0, ...values)];
  });
  const plot = { left: 70, top: 8, bottom: height - 56, right: width - 8 };
  const scale = nice(Math.min(...sums.map(([low]) => low)), Math.max(...sums.map(([, high]) => high)), plot.bottom / 50);
  const y = (value) => plot.bottom - ((value - scale.low) / (scale.high - scale.low)) * (plot.bottom - plot.top);
  const slot = (plot.right - plot.left) / names.length;
  const every = Math.ceil(100 / slot);
  const ticks = [];
  for (let value = scale.low; value <= scale.high + 1e-9; value += scale.step) {
    ticks.push(value);
  }
  const bars = names.flatMap((_, index) => {
    let [above, below] = [0, 0];
    return fields.map((field, place) => {
      const value = field.values[index] ?? 0;
      const from = stacked ? (value < 0 ? below : above) : 0;
      [above, below] = value < 0 ? [above, below + value] : [above + value, below];
      const wide = stacked ? slot * 0.8 : (slot * 0.8) / fields.length;
      const left = plot.left + index * slot + slot * 0.1 + (stacked ? 0 : place * wide);
      const [top, bottom] = [y(Math.max(from, from + value)), y(Math.min(from, from + value))];
      return <rect key={`${index}-${place}`} x={left} y={top} width={wide} height={bottom - top} fill={field.display(value).color} fillOpacity={0.85} />;
    });
  });
  const items = fields.map((field) => ({ label: nameOf(field), color: field.display(1).color, yAxis: 1 }));
  return (
    <div>
      <svg width={width} height={height - 32}>
        {ticks.map((value) => (
          <g key={value}>
            <line x1={plot.left} x2={plot.right} y1={y(value)} y2={y(value)} stroke={theme.colors.border.weak} />
            <text x={plot.left - 6} y={y(value) + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.primary}>
              {formattedValueToString(fields[0].display(value))}
            </text>
          </g>
        ))}
        {bars}
        {names.map((name, index) =>
          index % every ? null : (
            <text key={index} x={plot.left + (index + 0.5) * slot} y={plot.bottom + 18} textAnchor="middle" fontSize={12} fill={theme.colors.text.primary}>{name}</text>
          )
        )}
      </svg>
      <VizLegend items={items} displayMode={LegendDisplayMode.List} placement="bottom" />
    </div>
  );
}

export function Heatmap({ panel, frames, width, height, range, timeZone, theme }) {
  const { calculation, yAxis, filterValues } = panel.options;
  const [wide, tall] = [86400, Number(calculation.yBuckets.value)];
  const offset = -new Date(range.from * 1000).getTimezoneOffset() * 60;
  const counts = new Map();
  for (const frame of frames) {
    for (const field of numeric(frame)) {
      field.values.forEach((value, index) => {
        if (value === null) {
          return;
        }
        const day = Math.floor((frame.fields[0].values[index] / 1000 + offset) / wide) * wide - offset;
        const level = Math.floor(value / tall + 1e-9);
        counts.set(`${day} ${level}`, (counts.get(`${day} ${level}`) ?? 0) + 1);
      });
    }
  }
  const most = Math.max(...counts.values());
  const levels = Math.round((yAxis.max - yAxis.min) / tall);
  const plot = { left: 60, right: width - 8, top: 4, bottom: height - 30 };
  const x = (time) => plot.left + ((time - range.from) / (range.to - range.from)) * (plot.right - plot.left);
  const row = (plot.bottom - plot.top) / levels;
  const display = getDisplayProcessor({ field: { type: FieldType.number, config: { unit: yAxis.unit } }, theme });
  const shade = (share) => {
    const [low, high] = theme.isDark ? [[8, 48, 107], [222, 235, 247]] : [[222, 235, 247], [8, 48, 107]];
    return `rgb(${low.map((part, place) => Math.round(part + (high[place] - part) * share)).join(',')})`;
  };
  return (
    <svg width={width} height={height}>
      <clipPath id="plot"><rect x={plot.left} y={0} width={plot.right - plot.left} height={height} /></clipPath>
      <g clipPath="url(#plot)">
        {[...counts].filter(([, count]) => count > filterValues.le).map(([key, count]) => {
          const [day, level] = key.split(' ').map(Number);
          return <rect key={key} x={x(day) + 1} width={x(day + wide) - x(day) - 1} y={plot.bottom - (level + 1) * row + 1} height={row - 1} fill={shade(count / most)} />;
        })}
      </g>
      {Array.from({ length: levels + 1 }, (_, level) => level).filter((level) => level % 2 === 0).map((level) => (
        <text key={level} x={plot.left - 6} y={plot.bottom - level * row + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.primary}>
          {formattedValueToString(display(level * tall))}
        </text>
      ))}
      {axis(range, width, timeZone).map(({ time, text }) => (
        <text key={time} x={x(time)} y={height - 8} textAnchor="middle" fontSize={12} fill={theme.colors.text.primary}>{text}</text>
      ))}
    </svg>
  );
}
