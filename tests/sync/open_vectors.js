// Opens what the server sealed by WebCrypto alone: HPKE, HKDF, AES-GCM, ECDSA, DEFLATE. It shares no
// code with the server; it is written from mobile-contract/sync/README.md and RFC 9180.
const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
const unhex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const ascii = (text) => new TextEncoder().encode(text);
const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
const number = (value, bytes) => {
  const out = new Uint8Array(bytes);
  for (let at = bytes - 1, rest = BigInt(value); at >= 0; at--, rest >>= 8n) out[at] = Number(rest & 255n);
  return out;
};
const subtle = crypto.subtle;

async function hmac(key, message) {
  const made = await subtle.importKey("raw", key.length ? key : new Uint8Array(32),
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", made, message));
}
async function expand(secret, info, length) {
  let block = new Uint8Array(), out = new Uint8Array();
  for (let count = 1; out.length < length; count++) {
    block = await hmac(secret, join(block, info, Uint8Array.of(count)));
    out = join(out, block);
  }
  return out.slice(0, length);
}
async function gcm(key, nonce, data, aad) {
  const made = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, made, data));
}

// RFC 9180, base mode, KEM 0x0010, KDF 0x0001, AEAD 0x0002
async function hpkeOpen(privateScalar, publicPoint, sealed, info) {
  const enc = sealed.slice(0, 65), ciphertext = sealed.slice(65);
  const b64 = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const jwk = { kty: "EC", crv: "P-256", d: b64(privateScalar),
    x: b64(publicPoint.slice(1, 33)), y: b64(publicPoint.slice(33)) };
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const mine = await subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]);
  const theirs = await subtle.importKey("raw", enc, curve, false, []);
  const dh = new Uint8Array(await subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256));
  const kem = join(ascii("KEM"), number(0x10, 2));
  const suite = join(ascii("HPKE"), number(0x10, 2), number(1, 2), number(2, 2));
  const labeled = (id, label, key) => join(ascii("HPKE-v1"), id, ascii(label), key);
  const labeledExpand = (id, secret, label, about, length) =>
    expand(secret, join(number(length, 2), labeled(id, label, about)), length);
  const prk = await hmac(new Uint8Array(), labeled(kem, "eae_prk", dh));
  const shared = await labeledExpand(kem, prk, "shared_secret", join(enc, publicPoint), 32);
  const pskId = await hmac(new Uint8Array(), labeled(suite, "psk_id_hash", new Uint8Array()));
  const infoHash = await hmac(new Uint8Array(), labeled(suite, "info_hash", info));
  const context = join(Uint8Array.of(0), pskId, infoHash);
  const secret = await hmac(shared, labeled(suite, "secret", new Uint8Array()));
  const key = await labeledExpand(suite, secret, "key", context, 32);
  const nonce = await labeledExpand(suite, secret, "base_nonce", context, 12);
  return gcm(key, nonce, ciphertext, new Uint8Array());
}
async function signed(point, signature, message) {
  const key = await subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  return subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
}
async function unwrap(vectors, wrap) {
  const place = join(hex(vectors.stream), number(wrap.epoch, 4), hex(vectors.device));
  const text = join(ascii("osrati/1/wrap-signature"), place, hex(wrap.wrapped));
  if (!(await signed(hex(vectors.registry_key), hex(wrap.signature), text))) throw new Error("signature");
  return hpkeOpen(hex(vectors.agreement_private), hex(vectors.agreement_public), hex(wrap.wrapped),
    join(ascii("osrati/1/wrap"), place));
}
async function openRow(secret, stream, row) {
  const sealed = hex(row.sealed);
  const commit = await expand(secret, ascii("osrati/1/stream/commit"), 16);
  if (sealed[0] !== 1) throw new Error("suite");
  if (unhex(sealed.slice(1, 5)) !== unhex(number(row.epoch, 4))) throw new Error("epoch");
  if (unhex(sealed.slice(6, 22)) !== unhex(commit)) throw new Error("commit");
  const aad = join(sealed.slice(0, 1), hex(stream), hex(row.key), sealed.slice(1, 5),
    number(row.number, 8), sealed.slice(5, 22));
  const key = await expand(secret, ascii("osrati/1/stream/seal"), 32);
  return gcm(key, sealed.slice(22, 34), sealed.slice(34), aad);
}
async function inflate(deflated, dictionary) {
  const length = dictionary.length;
  const first = Uint8Array.of(0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255);
  const opened = new Blob([first, dictionary, deflated]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(opened).arrayBuffer()).slice(length);
}
async function digest(rows) {
  const total = new Uint8Array(8);
  for (const row of rows) {
    const hash = new Uint8Array(await subtle.digest("SHA-256", join(hex(row.key), number(row.number, 8))));
    for (let at = 0; at < 8; at++) total[at] ^= hash[at];
  }
  return unhex(total);
}

async function opened(vectors, dictionaries) {
  const secrets = {};
  for (const wrap of vectors.wraps) secrets[wrap.epoch] = await unwrap(vectors, wrap);
  const bodies = [];
  for (const row of vectors.rows) {
    const deflated = await openRow(secrets[row.epoch], vectors.stream, row);
    bodies.push([unhex(deflated), unhex(await inflate(deflated, hex(dictionaries[row.coding])))]);
  }
  const text = join(ascii("osrati/1/catalogue"), hex(vectors.catalogue.body));
  if (!(await signed(hex(vectors.publisher_key), hex(vectors.catalogue.signature), text))) throw new Error("catalogue");
  return {
    secrets: Object.fromEntries(Object.entries(secrets).map(([epoch, one]) => [epoch, unhex(one)])),
    bodies, digest: await digest(vectors.rows),
  };
}

// Every byte of every field flipped, one at a time: the names of those that opened all the same.
async function survivors(vectors) {
  const secrets = {}, found = [];
  for (const wrap of vectors.wraps) secrets[wrap.epoch] = await unwrap(vectors, wrap);
  const flip = (text, at) => { const bytes = hex(text); bytes[at] ^= 1; return unhex(bytes); };
  const attempt = async (name, work) => { try { await work(); found.push(name); } catch { /* refused */ } };
  let tried = 0;
  for (const row of vectors.rows) {
    const secret = secrets[row.epoch];
    for (let at = 0; at < row.sealed.length / 2; at++, tried++)
      await attempt(`sealed ${at}`, () => openRow(secret, vectors.stream, { ...row, sealed: flip(row.sealed, at) }));
    for (let at = 0; at < 16; at++, tried += 2) {
      await attempt(`key ${at}`, () => openRow(secret, vectors.stream, { ...row, key: flip(row.key, at) }));
      await attempt(`stream ${at}`, () => openRow(secret, flip(vectors.stream, at), row));
    }
    await attempt("number", () => openRow(secret, vectors.stream, { ...row, number: row.number - 1 }));
    const other = secrets[3 - row.epoch];
    await attempt("secret", () => openRow(other, vectors.stream, row));
    tried += 2;
  }
  for (const wrap of vectors.wraps) {
    for (const field of ["wrapped", "signature"])
      for (let at = 0; at < wrap[field].length / 2; at++, tried++)
        await attempt(`${field} ${at}`, () => unwrap(vectors, { ...wrap, [field]: flip(wrap[field], at) }));
    for (const field of ["stream", "device"])
      for (let at = 0; at < 16; at++, tried++)
        await attempt(`${field} ${at}`, () => unwrap({ ...vectors, [field]: flip(vectors[field], at) }, wrap));
    await attempt("epoch", () => unwrap(vectors, { ...wrap, epoch: 3 - wrap.epoch }));
    // HPKE by itself, without the signature before it
    for (let at = 0; at < 113; at++, tried++)
      await attempt(`hpke ${at}`, () => hpkeOpen(hex(vectors.agreement_private), hex(vectors.agreement_public),
        hex(flip(wrap.wrapped, at)), join(ascii("osrati/1/wrap"), hex(vectors.stream), number(wrap.epoch, 4), hex(vectors.device))));
  }
  const { body, signature } = vectors.catalogue;
  const check = async (b, s) => {
    if (!(await signed(hex(vectors.publisher_key), hex(s), join(ascii("osrati/1/catalogue"), hex(b))))) throw new Error();
  };
  for (let at = 0; at < 64; at++, tried++) await attempt(`catalogue signature ${at}`, () => check(body, flip(signature, at)));
  for (let at = 0; at < body.length / 2; at++, tried++) await attempt(`catalogue ${at}`, () => check(flip(body, at), signature));
  return { tried, found };
}
