// What the networks' own code makes of a text: a JSON string a line in, its lengths and marks out.
const readline = require('node:readline')
const { RichText } = require('@atproto/api')
const twitter = require('twitter-text')

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const text = JSON.parse(line)
  const bluesky = new RichText({ text })
  bluesky.detectFacetsWithoutResolution()
  const tweet = twitter.parseTweet(text)
  console.log(
    JSON.stringify({
      x: { length: tweet.weightedLength, valid: tweet.valid, hashtags: twitter.extractHashtags(text) },
      bluesky: {
        graphemes: bluesky.graphemeLength,
        bytes: bluesky.length,
        hashtags: (bluesky.facets ?? []).flatMap(({ features }) => features).flatMap(({ tag }) => tag ?? []),
      },
    }),
  )
})
