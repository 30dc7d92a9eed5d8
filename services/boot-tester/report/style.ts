/** How a report looks: a page of its own, which needs no other file. Each pair of text and ground has a contrast of 4.5 or more. */
export const style = `
:root { --page: #f4f5f7; --card: #fff; --ink: #1b1f26; --soft: #545c6b; --line: #dfe2e8; --link: #1f56b5;
  --good: #0f6b38; --good-back: #dff3e7; --bad: #a3200f; --bad-back: #fde6e2;
  --p0: #6b7280; --p1: #1f56b5; --p2: #0f6b38; --p3: #8a2391; --p4: #b3470a; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12151b; --card: #1b2029; --ink: #e7eaf0; --soft: #a6b0bf; --line: #2f3644; --link: #8ab6ff;
    --good: #7fdca5; --good-back: #15382a; --bad: #ffa597; --bad-back: #43201b;
    --p0: #a6b0bf; --p1: #8ab6ff; --p2: #7fdca5; --p3: #e6a1ec; --p4: #ffb37a; }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, 'DejaVu Sans', sans-serif; background: var(--page); color: var(--ink); }
body { max-width: 72rem; margin: 0 auto; padding: 1.25rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.3rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0 1rem 1rem; margin: 1rem 0; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; font-size: .9rem; }
dt, figcaption, summary, small { color: var(--soft); font-size: .85rem; }
dd { margin: 0; }
summary { cursor: pointer; padding: .25rem 0; }
.badge { padding: .1rem .6rem; border-radius: 99px; font-size: .85rem; font-weight: 600; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.failure { padding: .6rem .8rem; border-radius: 8px; color: var(--bad); background: var(--bad-back); margin: .5rem 0; }
.failure h2, .failure p { margin: 0; }
pre { font: .8rem/1.45 ui-monospace, 'DejaVu Sans Mono', monospace; margin: 0; }
section { margin: .5rem 0 0; padding: .5rem .75rem;
  border: 1px solid var(--line); border-radius: 8px; background: var(--page); color: var(--ink); overflow: auto; max-height: 34rem; }
.checks { list-style: none; padding: 0; }
.checks li { padding: .1rem 0 .1rem 1.4rem; position: relative; }
.checks li::before { content: '✓'; position: absolute; left: .1rem; color: var(--good); }
.checks .failed::before { content: '✗'; color: var(--bad); }
.checks .skipped::before { content: '–'; color: var(--soft); }
figure { margin: .75rem 0; }
.screens { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1rem; }
.screens figure { margin: 0; }
.screens img { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 4px; display: block; }
.timeline svg { width: 100%; height: auto; display: block; margin-top: .25rem; }
.timeline text { font-size: 14px; fill: var(--soft); }
.p0 { fill: var(--p0); } .p1 { fill: var(--p1); } .p2 { fill: var(--p2); } .p3 { fill: var(--p3); } .p4 { fill: var(--p4); }
@media print { section { max-height: none; } pre { white-space: pre-wrap; } article { break-inside: avoid-page; } }
`
