/**
 * Tables of Unicode 15.0 (CaseFolding.txt, statuses C and F; UnicodeData.txt, category Mn) for characters that have no
 * canonical decomposition, written short: a migration must make the same functions whatever Unicode the runtime knows.
 */

/** Where a run begins, how many characters (every second one after /2), and what is added to fold each. ASCII aside. */
const FOLDS = [
  'b5+775 c6+32 d0+32 d8+32 de+32 110+1 126+1 132+1 13f*2/2+1 14a+1 152+1 166+1 17f-268 181+210',
  '182*2/2+1 186+206 187+1 189*2+205 18b+1 18e+79 18f+202 190+203 191+1 193+205 194+207 196+211 197+209',
  '198+1 19c+211 19d+213 19f+214 1a2*2/2+1 1a6+218 1a7+1 1a9+218 1ac+1 1ae+218 1b1*2+217 1b3*2/2+1',
  '1b7+219 1b8+1 1bc+1 1c4+2 1c5+1 1c7+2 1c8+1 1ca+2 1cb+1 1e4+1 1f1+2 1f2+1 1f6-97 1f7-56 21c+1',
  '220-130 222*2/2+1 23a+10795 23b+1 23d-163 23e+10792 241+1 243-195 244+69 245+71 246*5/2+1 345+116',
  '370*2/2+1 376+1 37f+116 391*17+32 3a3*7+32 3c2+1 3cf+8 3d0-30 3d1-25 3d5-15 3d6-22 3d8*12/2+1 3f0-54',
  '3f1-48 3f4-60 3f5-64 3f7+1 3f9-7 3fa+1 3fd*3-130 402*5/2+80 405+80 409*2/2+80 40f+80 410*16/2+32',
  '411*4/2+32 41b*11/2+32 460*11/2+1 478*5/2+1 48a*27/2+1 4c0+15 4c3*6/2+1 4d4+1 4d8+1 4e0+1 4e8+1',
  '4f6+1 4fa*27/2+1 531*38+48 10a0*38+7264 10c7+7264 10cd+7264 13f8*6-8 1c80-6222 1c81-6221 1c82-6212',
  '1c83*2-6210 1c85-6211 1c86-6204 1c87-6180 1c88+35267 1c90*43-3008 1cbd*3-3008 1efa*3/2+1 2132+28',
  '2160*16+16 2183+1 24b6*26+26 2c00*48+48 2c60+1 2c62-10743 2c63-3814 2c64-10727 2c67*3/2+1 2c6d-10780',
  '2c6e-10749 2c6f-10783 2c70-10782 2c72+1 2c75+1 2c7e*2-10815 2c80*50/2+1 2ceb*2/2+1 2cf2+1',
  'a640*23/2+1 a680*14/2+1 a722*7/2+1 a732*31/2+1 a779*2/2+1 a77d-35332 a77e*5/2+1 a78b+1 a78d-42280',
  'a790*2/2+1 a796*10/2+1 a7aa-42308 a7ab-42319 a7ac-42315 a7ad-42305 a7ae-42308 a7b0-42258 a7b1-42282',
  'a7b2-42261 a7b3+928 a7b4*8/2+1 a7c4-48 a7c5-42307 a7c6-35384 a7c7*2/2+1 a7d0+1 a7d6*2/2+1 a7f5+1',
  'ab70*80-38864 ff21*26+32 10400*40+40 104b0*36+40 10570*19/2+39 10571*5/2+39 1057d*7/2+39',
  '1058d*3/2+39 10595+39 10c80*51+64 118a0*32+32 16e40*32+32 1e900*34+34',
].join(' ');

/** Characters that fold to several. */
const FULL_FOLDS = [
  'df=73+73 149=2bc+6e 587=565+582 1e9a=61+2be 1e9e=73+73 fb00=66+66 fb01=66+69 fb02=66+6c',
  'fb03=66+66+69 fb04=66+66+6c fb05=73+74 fb06=73+74 fb13=574+576 fb14=574+565 fb15=574+56b',
  'fb16=57e+576 fb17=574+56d',
].join(' ');

/** Nonspacing marks but the Japanese voicing marks U+3099 and U+309A, which CQL2 recommends to keep. */
const MARKS = [
  '300-36f 483-487 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 64b-65f 670 6d6-6dc 6df-6e4 6e7-6e8 6ea-6ed',
  '711 730-74a 7a6-7b0 7eb-7f3 7fd 816-819 81b-823 825-827 829-82d 859-85b 898-89f 8ca-8e1 8e3-902 93a',
  '93c 941-948 94d 951-957 962-963 981 9bc 9c1-9c4 9cd 9e2-9e3 9fe a01-a02 a3c a41-a42 a47-a48 a4b-a4d',
  'a51 a70-a71 a75 a81-a82 abc ac1-ac5 ac7-ac8 acd ae2-ae3 afa-aff b01 b3c b3f b41-b44 b4d b55-b56',
  'b62-b63 b82 bc0 bcd c00 c04 c3c c3e-c40 c46-c48 c4a-c4d c55-c56 c62-c63 c81 cbc cbf cc6 ccc-ccd',
  'ce2-ce3 d00-d01 d3b-d3c d41-d44 d4d d62-d63 d81 dca dd2-dd4 dd6 e31 e34-e3a e47-e4e eb1 eb4-ebc',
  'ec8-ecd f18-f19 f35 f37 f39 f71-f7e f80-f84 f86-f87 f8d-f97 f99-fbc fc6 102d-1030 1032-1037',
  '1039-103a 103d-103e 1058-1059 105e-1060 1071-1074 1082 1085-1086 108d 109d 135d-135f 1712-1714',
  '1732-1733 1752-1753 1772-1773 17b4-17b5 17b7-17bd 17c6 17c9-17d3 17dd 180b-180d 180f 1885-1886 18a9',
  '1920-1922 1927-1928 1932 1939-193b 1a17-1a18 1a1b 1a56 1a58-1a5e 1a60 1a62 1a65-1a6c 1a73-1a7c 1a7f',
  '1ab0-1abd 1abf-1ace 1b00-1b03 1b34 1b36-1b3a 1b3c 1b42 1b6b-1b73 1b80-1b81 1ba2-1ba5 1ba8-1ba9',
  '1bab-1bad 1be6 1be8-1be9 1bed 1bef-1bf1 1c2c-1c33 1c36-1c37 1cd0-1cd2 1cd4-1ce0 1ce2-1ce8 1ced 1cf4',
  '1cf8-1cf9 1dc0-1dff 20d0-20dc 20e1 20e5-20f0 2cef-2cf1 2d7f 2de0-2dff 302a-302d a66f a674-a67d',
  'a69e-a69f a6f0-a6f1 a802 a806 a80b a825-a826 a82c a8c4-a8c5 a8e0-a8f1 a8ff a926-a92d a947-a951',
  'a980-a982 a9b3 a9b6-a9b9 a9bc-a9bd a9e5 aa29-aa2e aa31-aa32 aa35-aa36 aa43 aa4c aa7c aab0 aab2-aab4',
  'aab7-aab8 aabe-aabf aac1 aaec-aaed aaf6 abe5 abe8 abed fb1e fe00-fe0f fe20-fe2f 101fd 102e0',
  '10376-1037a 10a01-10a03 10a05-10a06 10a0c-10a0f 10a38-10a3a 10a3f 10ae5-10ae6 10d24-10d27',
  '10eab-10eac 10f46-10f50 10f82-10f85 11001 11038-11046 11070 11073-11074 1107f-11081 110b3-110b6',
  '110b9-110ba 110c2 11100-11102 11127-1112b 1112d-11134 11173 11180-11181 111b6-111be 111c9-111cc',
  '111cf 1122f-11231 11234 11236-11237 1123e 112df 112e3-112ea 11300-11301 1133b-1133c 11340',
  '11366-1136c 11370-11374 11438-1143f 11442-11444 11446 1145e 114b3-114b8 114ba 114bf-114c0',
  '114c2-114c3 115b2-115b5 115bc-115bd 115bf-115c0 115dc-115dd 11633-1163a 1163d 1163f-11640 116ab',
  '116ad 116b0-116b5 116b7 1171d-1171f 11722-11725 11727-1172b 1182f-11837 11839-1183a 1193b-1193c',
  '1193e 11943 119d4-119d7 119da-119db 119e0 11a01-11a0a 11a33-11a38 11a3b-11a3e 11a47 11a51-11a56',
  '11a59-11a5b 11a8a-11a96 11a98-11a99 11c30-11c36 11c38-11c3d 11c3f 11c92-11ca7 11caa-11cb0',
  '11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 11d95 11d97',
  '11ef3-11ef4 16af0-16af4 16b30-16b36 16f4f 16f8f-16f92 16fe4 1bc9d-1bc9e 1cf00-1cf2d 1cf30-1cf46',
  '1d167-1d169 1d17b-1d182 1d185-1d18b 1d1aa-1d1ad 1d242-1d244 1da00-1da36 1da3b-1da6c 1da75 1da84',
  '1da9b-1da9f 1daa1-1daaf 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e130-1e136',
  '1e2ae 1e2ec-1e2ef 1e8d0-1e8d6 1e944-1e94a e0100-e01ef',
].join(' ');

const hex = (text: string) => Number.parseInt(text, 16);

/** Pairs of a character and the one that it folds to. */
export function simpleFolds(): [string, string][] {
  const pairs: [string, string][] = [];
  for (const run of FOLDS.split(' ')) {
    const [, first, count = '1', step = '1', add] = /^([0-9a-f]+)(?:\*(\d+)(?:\/(\d))?)?([+-]\d+)$/.exec(
      run,
    ) as unknown as [string, string, string | undefined, string | undefined, string];
    for (let index = 0; index < Number(count); index++) {
      const code = hex(first) + index * Number(step);
      pairs.push([String.fromCodePoint(code), String.fromCodePoint(code + Number(add))]);
    }
  }
  return pairs;
}

/** Pairs of a character and the characters that it folds to. */
export const fullFolds = (): [string, string][] =>
  FULL_FOLDS.split(' ').map((pair) => {
    const [from = '', to = ''] = pair.split('=');
    return [String.fromCodePoint(hex(from)), String.fromCodePoint(...to.split('+').map(hex))];
  });

/** A bracket expression of PostgreSQL for one mark. */
export function markPattern(): string {
  const escaped = (code: string) => `\\U${code.padStart(8, '0')}`;
  return `[${MARKS.split(' ')
    .map((range) => range.split('-').map(escaped).join('-'))
    .join('')}]`;
}
