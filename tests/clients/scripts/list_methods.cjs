// Says the version and every public method of the client from npm, as its own classes have them: one line of JSON.

const fs = require('node:fs')
const path = require('node:path')

const home = path.join(process.env.CLIENT_HOME, 'node_modules/qualtrics-api')
const files = ['qualtrics', 'user', 'group', 'iq-directory', 'mailing-list', 'survey', 'distribution']
const methods = files.flatMap((file) =>
  Object.values(require(path.join(home, 'dist', file))).flatMap((made) =>
    Object.getOwnPropertyNames(made.prototype)
      .filter((name) => name !== 'constructor')
      .map((name) => `${made.name}.${name}`)
  )
)
const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json')))
process.stdout.write(JSON.stringify({ version, methods }) + '\n')
