import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provideServer, type Server } from '#test/brokers/server.ts'

/** Serves a mirror root by a real nginx, as a mirror would. */
export async function startNginx(root: string): Promise<Server> {
  return await provideServer({
    name: 'nginx',
    urlVariable: 'IMAGEDROP_TEST_NO_NGINX_URL',
    program: 'nginx',
    async prepare({ folder, port }) {
      await mkdir(join(folder, 'temp'))
      await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, root))
    },
    command: ({ folder }, program) => ({
      command: program,
      args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    }),
    url: ({ port }) => `http://127.0.0.1:${String(port)}/`,
    ask: async (url) => {
      await fetch(url, { signal: AbortSignal.timeout(5_000) }).then((response) => response.body?.cancel())
    },
  })
}

/** When root starts it, the workers are Debian's www-data, who may enter no closed folder. */
function configuration(folder: string, port: number, root: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${folder}/temp/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${String(port)};
    root ${root};
    autoindex on;
  }
}
`
}
