// The reference PDS with a directory of identities (PLC) in memory, both on loopback only.
// node start.js FOLDER [rate-limits]: prints one line of JSON with its address when it is ready; ends when stdin does.
const crypto = require('node:crypto')
const net = require('node:net')
const path = require('node:path')

// Both servers listen on every interface unless told otherwise.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return typeof port === 'number' ? listen.call(this, { port, host: '127.0.0.1' }, ...rest) : listen.call(this, port, ...rest)
}

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

async function main([folder, limits]) {
  const plcPort = await freePort()
  const port = await freePort()
  const secret = crypto.randomBytes(32).toString('hex')
  Object.assign(process.env, {
    LOG_ENABLED: '0',
    PDS_HOSTNAME: 'localhost',
    PDS_PORT: String(port),
    PDS_DEV_MODE: '1',
    PDS_DATA_DIRECTORY: folder,
    PDS_BLOBSTORE_DISK_LOCATION: path.join(folder, 'blobs'),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: crypto.randomBytes(32).toString('hex'),
    PDS_DPOP_SECRET: crypto.randomBytes(32).toString('hex'),
    PDS_JWT_SECRET: secret,
    PDS_ADMIN_PASSWORD: crypto.randomBytes(16).toString('hex'),
    PDS_DID_PLC_URL: `http://127.0.0.1:${plcPort}`,
    PDS_INVITE_REQUIRED: '0',
    PDS_SERVICE_HANDLE_DOMAINS: '.test',
    PDS_RATE_LIMITS_ENABLED: limits ? '1' : '0',
  })
  const { Database, PlcServer } = require('@did-plc/server')
  const { PDS, envToCfg, envToSecrets, readEnv } = require('@atproto/pds')
  const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
  await plc.start()
  const env = readEnv()
  const pds = await PDS.create(envToCfg(env), envToSecrets(env))
  await pds.start()
  process.stdin.on('end', () => process.exit(0)).resume()
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, secret, adminPassword: process.env.PDS_ADMIN_PASSWORD }))
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error)
  process.exit(1)
})
