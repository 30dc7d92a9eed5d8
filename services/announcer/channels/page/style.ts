import { Html } from '../../web/html.ts'

/** The page's looks: one column of drops, their images side by side where there is room. */
export const style = new Html(`
:root {
  --page: #f4f5f7; --card: #fff; --ink: #1b1f26; --soft: #586070; --line: #dfe2e8; --link: #1f56b5;
  --good: #0f6b38; --good-back: #dff3e7; --bad: #a3200f; --bad-back: #fde6e2; --plain-back: #e9ebf0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1b2029; --ink: #e7eaf0; --soft: #9ea8b8; --line: #2f3644; --link: #8ab6ff;
    --good: #7fdca5; --good-back: #15382a; --bad: #ffa597; --bad-back: #43201b; --plain-back: #2a313d;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, 'DejaVu Sans', sans-serif; background: var(--page); color: var(--ink); }
body { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font-size: 2.1rem; letter-spacing: -0.02em; line-height: 1.15; margin: 0; }
h2 { font-size: 1.4rem; letter-spacing: -0.01em; line-height: 1.25; margin: 0; }
h3 { font-size: 1rem; margin: 0 0 .75rem; display: flex; gap: .75rem; justify-content: space-between; align-items: baseline; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
h2 a { color: inherit; text-decoration: none; }
h2 a:hover { text-decoration: underline; }
code { font: .86em/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; }
ul { list-style: none; margin: 0; padding: 0; }
body > header p, footer, time, .size, dt, .empty { color: var(--soft); }
body > header { margin-bottom: 2rem; }
body > header p { margin: .5rem 0 0; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; margin-bottom: 1.5rem; scroll-margin-top: 1rem; }
article > header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; justify-content: space-between; align-items: center; }
article > header p { margin: 0; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin: 1rem 0 1.25rem; padding: 0; font-size: .9rem; }
dt { font-size: .78rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: .1rem .6rem; border-radius: 99px; font-size: .78rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.plain { color: var(--soft); background: var(--plain-back); }
.images { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: 1rem; }
.image { border: 1px solid var(--line); border-radius: 10px; padding: 1rem; min-width: 0; }
.arch { font-weight: 400; color: var(--soft); }
.failure { margin: 0 0 .75rem; padding: .6rem .8rem; border-radius: 8px; color: var(--bad); background: var(--bad-back); font-size: .9rem; overflow-wrap: anywhere; }
.files li { padding: .4rem 0; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; }
.files li:first-child { border-top: 0; padding-top: 0; }
.files a { overflow-wrap: anywhere; font-size: .92rem; }
.size { font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sum { flex-basis: 100%; color: var(--soft); font-size: .68rem; overflow-wrap: anywhere; }
.sum code { font-size: 1em; }
table { width: 100%; border-collapse: collapse; margin-top: .75rem; font-size: .9rem; }
caption { text-align: left; font-size: .78rem; color: var(--soft); padding-bottom: .15rem; }
th { text-align: left; font-weight: 400; padding: .2rem 1rem .2rem 0; white-space: nowrap; }
td { padding: .2rem 0; width: 100%; }
details { margin-top: .75rem; font-size: .9rem; }
article > details { margin-top: 1.1rem; }
summary { cursor: pointer; color: var(--soft); }
details ul { margin-top: .5rem; }
.checks li { padding: .1rem 0 .1rem 1.4rem; position: relative; overflow-wrap: anywhere; }
.checks li::before { content: '✓'; position: absolute; left: .1rem; color: var(--good); }
.checks .failed::before { content: '✗'; color: var(--bad); }
.checks .skipped::before { content: '–'; color: var(--soft); }
.superseded h2 { font-size: 1.1rem; margin-bottom: .5rem; }
.superseded { color: var(--soft); font-size: .9rem; }
footer { font-size: .85rem; margin-top: 2rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`)
