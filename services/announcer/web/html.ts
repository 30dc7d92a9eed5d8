export { html, Html } from '#markup/html.ts'
