// qualtrics-api of npm: every method of it that maps to a route. As calling.py: one line of JSON per method on standard output.

const fs = require('node:fs')
const path = require('node:path')
const Qualtrics = require(path.join(process.env.CLIENT_HOME, 'node_modules/qualtrics-api'))

const world = JSON.parse(process.env.CLIENT_WORLD)
const record = process.env.CLIENT_RECORD
const { directory, survey, group, user } = world
const hasGroup = (got) => group ? got.map((one) => one.id).includes(group) : got.length === 0 // where there are none, none are told
const ok = (got) => got.meta.httpStatus === '200 - OK'
const idOf = (got) => (got && got.result ? got.result.id : 'none')
const ids = (got, name) => got.map((one) => one[name])
const folder = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'client-'))

const qualtrics = new Qualtrics({
  apiToken: world.token,
  baseUrl: `${world.url}/API/v3/`,
  defaultDirectory: directory
})

const wanted = new Set(JSON.parse(process.env.CLIENT_METHODS))

async function call (method, ask, check) {
  if (!wanted.has(method)) return undefined // the table leaves it out
  const begin = fs.statSync(record).size
  let got
  let wrong = ''
  let sent = []
  try {
    try {
      got = await ask()
    } finally { // what the check asks for is no part of it
      sent = fs.readFileSync(record).subarray(begin).toString().split('\n').filter(Boolean)
    }
    if (!(await check(got))) wrong = `came back: ${JSON.stringify(got)}`.slice(0, 1500)
  } catch (error) {
    wrong = `${error.stack || JSON.stringify(error)}\ncame back: ${JSON.stringify(got)}`.slice(0, 2500)
  }
  process.stdout.write(JSON.stringify({ method, sent, wrong }) + '\n')
  return got
}

async function people () {
  await call('Qualtrics.whoami', () => qualtrics.whoami(), (got) => ok(got) && got.result.userId === user)
  for (const name of ['allUsers', 'getUsers']) {
    await call(`Qualtrics.${name}`, () => qualtrics[name](), (got) => ids(got.result.elements, 'id').includes(user))
  }
  await call('Qualtrics.getUser', () => qualtrics.getUser(user), (got) => got.result.id === user && 'permissions' in got.result)
  await call('User.get', () => qualtrics.user(user).get(), (got) => got.result.id === user)
  await call('User.getAll', () => qualtrics.user().getAll(), (got) => ids(got, 'id').includes(user))
  for (const name of ['allGroups', 'getGroups']) {
    await call(`Qualtrics.${name}`, () => qualtrics[name](), hasGroup)
  }
  await call('Qualtrics.getGroup', () => qualtrics.getGroup(group), (got) => got.result.id === group && !!got.result.name)
  await call('Group.get', () => qualtrics.group(group).get(), (got) => got.result.id === group)
  await call('Group.getAll', () => qualtrics.group().getAll(), hasGroup)
  await call('Group.getMembers', () => qualtrics.group(group).getMembers(), (got) => ids(got.result.elements, 'id').includes(user))
}

async function listsAndContacts () {
  const added = await call('MailingList.add', () => qualtrics.mailingList().add({ name: 'Made by npm' }), (got) => got.result.id.startsWith('CG_'))
  const made = idOf(added)
  const list = qualtrics.mailingList(made)
  const dora = { firstName: 'Dora', lastName: 'Npm', email: 'dora@example.org', embeddedData: { team: 'A' } }
  const first = await call('MailingList.addContact', () => list.addContact(dora), (got) => got.result.id.startsWith('CID_') && got.result.contactLookupId.startsWith('CGC_'))
  const second = await call('Qualtrics.addListContact', () => qualtrics.addListContact(made, { ...dora, firstName: 'Emil', email: 'emil@example.org' }), (got) => got.result.id !== idOf(first))
  await call('MailingList.addContacts', () => list.addContacts([{ email: 'f1@example.org' }, { email: 'f2@example.org' }]), (got) => got.length === 2 && got.every(ok))
  const four = (got) => got.length === 4 && ids(got, 'email').includes('dora@example.org')
  await call('MailingList.getContacts', () => list.getContacts(), (got) => four(got.result.elements) && got.result.nextPage === null)
  await call('MailingList.getAllContacts', () => list.getAllContacts(), four)
  await call('Qualtrics.getListContacts', () => qualtrics.getListContacts(made), (got) => four(got.result.elements))
  await call('MailingList.getContact', () => list.getContact(idOf(first)), (got) => got.result.contactId === idOf(first) && got.result.firstName === 'Dora')
  await call('Qualtrics.getListContact', () => qualtrics.getListContact(made, idOf(second)), (got) => got.result.firstName === 'Emil')
  const nameOf = async (id) => (await list.getContact(id)).result.firstName
  await call('MailingList.updateContact', () => list.updateContact(idOf(first), { firstName: 'Dorothea' }), async (got) => ok(got) && (await nameOf(idOf(first))) === 'Dorothea')
  await call('Qualtrics.updateListContact', () => qualtrics.updateListContact(made, idOf(second), { firstName: 'Emilia' }), async (got) => ok(got) && (await nameOf(idOf(second))) === 'Emilia')
  await call('MailingList.removeContact', () => list.removeContact(idOf(second)), async (got) => ok(got) && (await list.getAllContacts()).length === 3)
  await inTheDirectory(idOf(first), idOf(second))
  return { made, list }
}

async function inTheDirectory (first, second) {
  const whole = qualtrics.directory()
  const has = (got) => ids(got, 'contactId').includes(first) && new Set(ids(got, 'contactId')).size === got.length
  await call('IQDirectory.getContacts', () => whole.getContacts(), (got) => got.result.elements.length === 100 && got.result.nextPage.startsWith('https://'))
  await call('IQDirectory.getAllContacts', () => whole.getAllContacts(), (got) => has(got) && got.length > 100)
  await call('Qualtrics.getDirectoryContacts', () => qualtrics.getDirectoryContacts(), (got) => got.result.elements.length === 100)
  await call('Qualtrics.getAllDirectoryContacts', () => qualtrics.getAllDirectoryContacts(), (got) => has(got) && got.length > 100)
  await call('IQDirectory.getContact', () => whole.getContact(first), (got) => got.result.contactId === first && got.result.embeddedData.team === 'A')
  await call('Qualtrics.getDirectoryContact', () => qualtrics.getDirectoryContact(first), (got) => got.result.email === 'dora@example.org')
  const read = async (name) => (await whole.getContact(first)).result[name]
  await call('IQDirectory.updateContact', () => whole.updateContact(first, { lastName: 'One' }), async (got) => ok(got) && (await read('lastName')) === 'One')
  await call('Qualtrics.updateDirectoryContact', () => qualtrics.updateDirectoryContact(first, { lastName: 'Two' }), async (got) => ok(got) && (await read('lastName')) === 'Two')
  await call('IQDirectory.unsubscribedContact', () => whole.unsubscribedContact(first), async (got) => ok(got) && (await read('directoryUnsubscribed')) === true)
  await whole.updateContact(first, { unsubscribed: false })
  await call('Qualtrics.unsubscribedDirectoryContact', () => qualtrics.unsubscribedDirectoryContact(first), async (got) => ok(got) && (await read('directoryUnsubscribed')) === true)
  await whole.updateContact(first, { unsubscribed: false })
  await call('IQDirectory.removeContact', () => whole.removeContact(second), async (got) => ok(got) && !ids(await whole.getAllContacts(), 'contactId').includes(second))
  const short = idOf(await qualtrics.addListContact(world.list, { email: 'short@example.org' }))
  await call('Qualtrics.removeDirectoryContact', () => qualtrics.removeDirectoryContact(short), async (got) => ok(got) && !ids(await whole.getAllContacts(), 'contactId').includes(short))
}

async function distributions (made) {
  const here = qualtrics.survey(survey)
  const isNew = (got) => got.result.id.startsWith('EMD_')
  const one = idOf(await call('Distribution.add', () => here.distribution().add(made, { description: 'By npm' }), isNew))
  const two = idOf(await call('Survey.addDistribution', () => here.addDistribution(made), isNew))
  const three = idOf(await call('Qualtrics.addDistribution', () => qualtrics.addDistribution(survey, { mailingListId: made }), isNew))
  const all = (got) => [one, two, three].every((id) => ids(got.result.elements, 'id').includes(id))
  await call('Survey.listDistribution', () => here.listDistribution('GeneratedInvite'), (got) => all(got) && got.result.elements.every((each) => each.requestType === 'GeneratedInvite'))
  await call('Qualtrics.getDistributions', () => qualtrics.getDistributions(survey), all)
  const linked = (got) => got.result.contacts.length === 3 && got.result.contacts.every((each) => each.link.includes('Q_DL=') && each.contactId)
  const patiently = async (ask) => {
    for (let left = 100; ; left--) { // links are made behind the answer, here as there
      const got = await ask()
      if (got.result.contacts.length === 3 || left === 0) return got
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  await call('Distribution.contacts', () => patiently(() => here.distribution(one).contacts()), linked)
  await call('Survey.getLinks', () => patiently(() => here.getLinks(two)), linked)
  await call('Qualtrics.getDistributionLinks', () => patiently(() => qualtrics.getDistributionLinks(survey, three)), linked)
  await call('Distribution.delete', () => here.distribution(one).delete(), ok)
  await call('Survey.deleteDistribution', () => here.deleteDistribution(two), ok)
}

async function responses () {
  const here = qualtrics.survey(survey)
  const [first, second] = world.sessions
  await call('Survey.getSession', () => here.getSession(first), (got) => got.result.sessionId === first && got.result.done === false)
  await call('Qualtrics.getSession', () => qualtrics.getSession(survey, second), (got) => got.result.questions.length >= 1)
  const gone = (ask) => ask().then(() => false, (error) => error.meta.httpStatus.startsWith('404'))
  await call('Survey.deleteSession', () => here.deleteSession(first), async (got) => ok(got) && gone(() => here.getSession(first)))
  await call('Qualtrics.deleteSession', () => qualtrics.deleteSession(survey, second), async (got) => ok(got) && gone(() => here.getSession(second)))
  const progress = await call('Survey.createResponseExport', () => here.createResponseExport({ format: 'ndjson' }), (got) => got.startsWith('ES_'))
  const ready = async () => {
    for (let left = 100; left > 0; left--) {
      const got = await here.responseExportProgress(progress)
      if (got) return got
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const file = await call('Survey.responseExportProgress', ready, (got) => typeof got === 'string')
  const isZip = (target) => fs.readFileSync(target).subarray(0, 2).toString() === 'PK'
  await call('Survey.fetchResponseExport', () => here.fetchResponseExport(file, path.join(folder, 'a.zip')), isZip)
  await call('Survey.downloadResponseExport', () => here.downloadResponseExport(path.join(folder, 'b.zip'), 'csv'), () => isZip(path.join(folder, 'b.zip')))
  await call('Qualtrics.downloadResponseExport', () => qualtrics.downloadResponseExport(survey, path.join(folder, 'c.zip')), () => isZip(path.join(folder, 'c.zip')))
  const [one, two] = world.spare_responses
  await call('Survey.deleteResponse', () => here.deleteResponse(one), ok)
  await call('Qualtrics.deleteSurveyResponse', () => qualtrics.deleteSurveyResponse(survey, two), ok)
}

async function main () {
  await people()
  const { made, list } = await listsAndContacts()
  await distributions(made)
  await responses()
  await call('MailingList.delete', () => list.delete(), ok)
  fs.rmSync(folder, { recursive: true })
}

main()
