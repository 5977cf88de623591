// States over time, a row for each series: ours, since Grafana's components have none. Words and colours are Grafana's.
import React from 'react';

const [AXIS, LEGEND, LETTER, HOUR] = [22, 22, 6.6, 3_600_000];

export function Timeline({ grafana, theme, look, data }) {
  const rows = data.flatMap((frame) => series(grafana, frame, data));
  const longest = Math.max(...rows.map(({ name }) => name.length));
  const left = Math.min(longest * LETTER + 14, look.width * 0.45);
  const height = look.height - AXIS - LEGEND;
  const x = (at) => left + ((at - look.now) / (24 * HOUR) + 1) * (look.width - left);
  const pitch = height / rows.length;
  return (
    <div className="timeline">
      <svg width={look.width} height={height + AXIS}>
        <Times x={x} look={look} height={height} color={theme.colors.text.secondary} />
        {rows.map((row, position) => (
          <Row key={row.name} row={row} x={x} left={left} right={look.width} top={position * pitch} pitch={pitch} theme={theme} />
        ))}
      </svg>
      <Words rows={rows} />
    </div>
  );
}

function series(grafana, frame, data) {
  const time = frame.fields.find(({ type }) => type === 'time');
  return frame.fields
    .filter(({ type }) => type === 'number')
    .map((field) => ({
      name: grafana.getFieldDisplayName(field, frame, data),
      stretches: stretches(time, field).map((one) => ({ ...one, shown: field.display(one.value) })),
    }));
}

// From when until when a value stayed; where points are missing there is none.
function stretches(time, field) {
  const step = time.config.interval;
  const found = [];
  time.values.forEach((at, position) => {
    const value = field.values[position];
    const last = found.at(-1);
    if (last?.value === value && last.to >= at) {
      last.to = at + step;
    } else {
      found.push({ from: at, to: at + step, value });
    }
  });
  return found;
}

function Row({ row, x, left, right, top, pitch, theme }) {
  const height = Math.min(pitch * 0.85, 46);
  const middle = top + height / 2 + 4;
  return (
    <g>
      <text x={left - 8} y={middle} textAnchor="end" fill={theme.colors.text.primary}>
        {row.name}
      </text>
      {row.stretches.map(({ from, to, shown }) => {
        const [start, end] = [x(from), Math.min(x(to), right)];
        return (
          <g key={from}>
            <rect x={start} y={top} width={Math.max(1, end - start)} height={height} fill={shown.color} opacity="0.75" />
            {end - start > shown.text.length * LETTER + 12 && (
              <text x={start + 6} y={middle} fill={theme.colors.getContrastText(shown.color)}>
                {shown.text}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Times({ x, look, height, color }) {
  const first = Math.ceil((look.now - 24 * HOUR) / (3 * HOUR)) * 3 * HOUR;
  const every = x(3 * HOUR) - x(0) < 45 ? 6 : 3;
  const times = Array.from({ length: 24 / every + 1 }, (_, number) => first + number * every * HOUR);
  return times
    .filter((at) => at < look.now)
    .map((at) => (
      <text key={at} x={x(at)} y={height + 15} textAnchor={x(at) === x(look.now - 24 * HOUR) ? 'start' : 'middle'} fill={color}>
        {new Date(at).toISOString().slice(11, 16)}
      </text>
    ));
}

function Words({ rows }) {
  const shown = new Map(rows.flatMap(({ stretches }) => stretches.map((one) => [one.shown.text, one.shown.color])));
  return (
    <div className="words">
      {[...shown].sort().map(([text, color]) => (
        <span key={text}>
          <i style={{ background: color }} />
          {text}
        </span>
      ))}
    </div>
  );
}
