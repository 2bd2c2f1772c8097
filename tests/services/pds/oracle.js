// What Bluesky's own library makes of a text: a JSON string a line in, its length and its facets out.
const readline = require('node:readline')
const { RichText } = require('@atproto/api')

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const text = new RichText({ text: JSON.parse(line) })
  text.detectFacetsWithoutResolution()
  console.log(JSON.stringify({ graphemes: text.graphemeLength, bytes: text.length, facets: text.facets ?? [] }))
})
