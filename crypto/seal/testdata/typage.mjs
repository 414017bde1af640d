// Makes the typage fixtures of this folder, or reads the Go one. See README.md.
//
//   node typage.mjs make DIR     writes typage-*.age and typage-identity.txt to DIR
//   node typage.mjs read DIR     reads DIR/go-frame.age and writes go-frame.read
//
// The frame is built here from its description alone, so that agreement with
// the Go code means that the description suffices.
import * as age from "age-encryption";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [, , act, dir] = process.argv;
const path = (name) => `${dir}/${name}`;
const utf8 = (text) => Buffer.from(text, "utf8");
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };

function frame(context, content) {
  const salt = randomBytes(32);
  const bare = Buffer.concat([utf8("gatepost/frame/v1\n"), salt, u32(context.length), context, u64(content.length), content]);
  const padded = Buffer.concat([bare, Buffer.alloc((4096 - (bare.length % 4096)) % 4096)]);
  return [padded, commitment(salt, context, content)];
}

function commitment(salt, context, content) {
  const h = createHash("sha256");
  for (const part of [utf8("gatepost/commit/v1\n"), salt, u64(context.length), context, u64(content.length), content]) h.update(part);
  return h.digest("hex");
}

async function encrypt(to, plain) {
  const e = new age.Encrypter();
  for (const r of to) e.addRecipient(r);
  return e.encrypt(plain);
}

if (act === "make") {
  const identity = await age.generateHybridIdentity();
  const recipient = await age.identityToRecipient(identity);
  const others = await Promise.all([0, 1].map(async () => age.identityToRecipient(await age.generateHybridIdentity())));
  const classic = await age.identityToRecipient(await age.generateX25519Identity());
  const context = utf8("kind submission\nagency ag1\nexchange ex9\nobject lt42\npart text\nfrom side/7\nto side/8\nversion 1\n");
  const content = utf8("Annwyl Efa, mae'r ŵyn yn y cae. 🐑\nYour sister lost a tooth.\n");
  const [plain, commit] = frame(context, content);
  writeFileSync(path("typage-identity.txt"), "# Made for these tests; it guards nothing.\n" + identity + "\n");
  writeFileSync(path("typage-frame.age"), await encrypt([others[0], recipient, others[1]], plain));
  writeFileSync(path("typage-frame.commit"), commit + "\n");
  writeFileSync(path("typage-frame.plain"), plain);
  writeFileSync(path("typage-mixed.age"), await encrypt([recipient, classic], plain));
  const scrypt = new age.Encrypter();
  scrypt.setPassphrase("correct horse");
  scrypt.setScryptWorkFactor(10);
  writeFileSync(path("typage-scrypt.age"), await scrypt.encrypt(plain));
} else {
  const identity = readFileSync(path("typage-identity.txt"), "utf8").trim().split("\n").pop();
  const d = new age.Decrypter();
  d.addIdentity(identity);
  const plain = Buffer.from(await d.decrypt(readFileSync(path("go-frame.age"))));
  const salt = plain.subarray(18, 50);
  const context = plain.subarray(54, 54 + plain.readUInt32BE(50));
  const start = 54 + context.length + 8;
  const content = plain.subarray(start, start + Number(plain.readBigUInt64BE(start - 8)));
  writeFileSync(path("go-frame.read"), commitment(salt, context, content) + "\n" + context + content);
}
