// Lays a dashboard out as Grafana does: 24 columns, cells of 30 px with 8 px between them, one column below 768 px.
import { createTheme } from '@grafana/data';
import { GlobalStyles, ThemeContext } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { framesOf } from './frames.js';
import { KINDS } from './panels.jsx';

const [CELL, GAP, EDGE, HEADER] = [30, 8, 16, 32];

function place({ x, y, w, h }, width) {
  const column = (width - 2 * EDGE + GAP) / 24;
  return { left: EDGE + x * column, top: y * (CELL + GAP), width: w * column - GAP, height: h * (CELL + GAP) - GAP };
}

function stacked(panels, width) {
  let top = 0;
  return panels.map(({ panel }) => {
    const height = panel.gridPos.h * (CELL + GAP) - GAP;
    const found = { left: 8, top, width: width - 16, height };
    top += height + GAP;
    return found;
  });
}

class Guard extends React.Component {
  state = {};
  static getDerivedStateFromError(error) {
    return { error };
  }
  render() {
    return this.state.error ? <pre className="broken">{String(this.state.error.stack)}</pre> : this.props.children;
  }
}

function Panel({ asked, box, theme, timeZone }) {
  const { panel } = asked;
  const [frames, setFrames] = React.useState(null);
  const [error, setError] = React.useState(null);
  React.useEffect(() => void framesOf(asked, theme, timeZone).then(setFrames, setError), []);
  const Kind = KINDS[panel.type];
  const inner = { width: box.width - 18, height: box.height - HEADER - 10 };
  const empty = frames && !frames.some((frame) => frame.length);
  return (
    <section className="panel" style={box} data-empty={empty || undefined} data-title={panel.title}>
      <h2>{panel.title}{asked.timeFrom && <small> {asked.timeFrom}</small>}</h2>
      <div className="content" style={inner}>
        {frames && !empty && (
          <Guard>
            <Kind panel={panel} frames={frames} theme={theme} timeZone={timeZone} range={asked.range} step={asked.step} {...inner} />
          </Guard>
        )}
        {empty && <p className="none">{panel.fieldConfig.defaults.noValue}</p>}
        {error && <pre className="broken">{String(error.stack)}</pre>}
        {!frames && !error && <i className="waiting" />}
      </div>
    </section>
  );
}

function Dashboard({ shot }) {
  const theme = createTheme({ colors: { mode: shot.theme } });
  const phone = shot.width < 768;
  const boxes = phone ? stacked(shot.panels, shot.width) : shot.panels.map(({ panel }) => place(panel.gridPos, shot.width));
  const height = Math.max(...boxes.map(({ top, height }) => top + height)) + 16;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles hackNoBackdropBlur={false} isExtensionSidebarOpen={false} />
      <style>{`
        html { font-size: 14px; } body { margin: 0; background: ${theme.colors.background.canvas}; font-family: Inter, sans-serif; }
        header { padding: 12px 16px; font-size: 18px; font-weight: 500; color: ${theme.colors.text.primary}; }
        header span { font-size: 13px; font-weight: 400; margin-left: 16px; color: ${theme.colors.text.secondary}; }
        main { position: relative; height: ${height}px; }
        .panel { position: absolute; overflow: hidden; background: ${theme.colors.background.primary};
                 border: 1px solid ${theme.colors.border.weak}; border-radius: 4px; }
        .panel h2 { font-size: 14px; font-weight: 500; line-height: ${HEADER}px; height: ${HEADER}px; margin: 0; padding: 0 8px;
                    white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
        .panel small { color: ${theme.colors.text.secondary}; }
        .content { margin: 0 8px; }
        .row { position: absolute; font-size: 18px; padding: 2px 4px; color: ${theme.colors.text.primary}; }
        .none { text-align: center; padding-top: 20px; color: ${theme.colors.text.secondary}; }
        .broken { color: red; font-size: 10px; white-space: pre-wrap; }
      `}</style>
      <header>{shot.title}<span>{shot.chosen}</span></header>
      <main>
        {shot.panels.map((asked, index) =>
          asked.panel.type === 'row' ? (
            <div key={index} className="row" style={boxes[index]}>⌄ {asked.panel.title}</div>
          ) : (
            <Panel key={index} asked={asked} box={boxes[index]} theme={theme} timeZone={shot.timeZone} />
          )
        )}
      </main>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('root')).render(<Dashboard shot={window.shot} />);
