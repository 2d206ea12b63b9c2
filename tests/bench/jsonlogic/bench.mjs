// json-logic-engine, compiled: decisions per second on the 100 rules. Called by comity-bench-rules
// with the folder that has node_modules, the rules, the demands, and the milliseconds to run.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [modules, rulesFile, demandsFile, ms] = process.argv.slice(2)
const { LogicEngine } = createRequire(join(modules, 'package.json'))('json-logic-engine')
const rules = JSON.parse(readFileSync(rulesFile, 'utf8'))
const demands = JSON.parse(readFileSync(demandsFile, 'utf8'))
const engine = new LogicEngine()
const built = rules.map((rule) => engine.build(rule.when))

function decide(demand) {
  const applies = new Uint8Array(rules.length)
  for (let i = 0; i < built.length; i++) applies[i] = built[i](demand) ? 1 : 0
  return applies
}

const words = demands.map((demand) => {
  const applies = decide(demand)
  let text = ''
  for (const one of applies) text += one
  return text
})
let count = 0
// Processor time, as the other evaluators are measured.
const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
const start = spent()
while (spent() - start < Number(ms)) {
  for (const demand of demands) decide(demand)
  count += demands.length
}
console.log(Math.round((count * 1000) / (spent() - start)))
for (const text of words) console.log(text)
