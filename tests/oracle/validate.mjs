// Read CSAF files with a program that is not ours; print one line of JSON for each.
// Arguments: the folder where npm installed it, then files.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [place, ...files] = process.argv.slice(2)
const load = (name) =>
  import(pathToFileURL(join(place, 'node_modules/@secvisogram/csaf-validator-lib', name)).href)
const { default: validate } = await load('validate.js')
const mandatory = Object.values(await load('mandatoryTests.js'))
const { csaf_2_0_strict: schema } = await load('schemaTests.js')
const tests = [schema, ...mandatory]

for (const file of files) {
  const result = await validate(tests, JSON.parse(await readFile(file, 'utf8')))
  const errors = result.tests.flatMap((test) =>
    test.errors.map((error) => `${test.name} ${error.instancePath}: ${error.message ?? ''}`),
  )
  console.log(JSON.stringify({ file, tests: tests.length, valid: result.isValid, errors }))
}
