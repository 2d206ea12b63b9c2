/*
 * Every bound a stranger can run into, with its unit, in one place. A count or a length from outside
 * is held against these before any memory is asked for.
 */
#ifndef CM_WIRE_LIMITS_H
#define CM_WIRE_LIMITS_H

#define CM_PROTOCOL_VERSION 1

#define CM_MAX_FRAME_BYTES (8 * 1024 * 1024)  /* one envelope on a link */
#define CM_MAX_RECORD_BYTES (6 * 1024 * 1024) /* one record in an envelope */
#define CM_MAX_ENVELOPE_RECORDS 256         /* records and receipts each */
#define CM_MAX_STAMPS (2 * CM_MAX_ENVELOPE_RECORDS) /* an envelope: one for each of both at most */
#define CM_MAX_LEAVES 65536                 /* records and receipts under one signature */
#define CM_MAX_PATH_BYTES (16 * 32)         /* the hashes from a leaf to the root of so many */
#define CM_MAX_DEPTH 16                     /* containers inside containers */
#define CM_MAX_NAME_BYTES 64                /* fact, act, rule part, region, node */
#define CM_MAX_TEXT_BYTES 4096              /* a sentence, a citation, an address */
#define CM_MAX_REASON_BYTES 1024            /* why a receipt refuses */
#define CM_MAX_BODY_BYTES (5 * 1024 * 1024)   /* an opaque body inside a record */
#define CM_MAX_TARGETS 256                  /* a demand */
#define CM_MAX_CATEGORIES 16                /* a demand */
#define CM_MAX_FACTS 128                    /* demand, target or part each */
#define CM_MAX_FACT_VALUES 64               /* a fact */
#define CM_MAX_RULINGS 256                  /* a finding */
#define CM_MAX_LIKE (4096 * 256)            /* rulings of all parts of a case */
#define CM_MAX_NEEDS 32                     /* open facts a ruling names */
#define CM_MAX_RIVALS 16                    /* rival readings of a rule, `applies when` counted */
#define CM_MAX_PARTS 4096                   /* a case */
#define CM_MAX_ASKED_PARTS 256              /* targets x categories of one demand: an outcome of that many fits a record */
#define CM_MAX_STEPS 64                     /* beside a part's disposition */
#define CM_MAX_AMENDMENTS 256               /* of one answer or one part's outcome, by persons */
#define CM_MAX_RELATED 512                  /* entries about other cases beside one case */
#define CM_MAX_ROUNDS 31                    /* asks of one node about one case */
#define CM_MAX_PEERS 128                    /* nodes and routers of a fleet */
#define CM_MAX_ROUTERS 8                    /* of a fleet: among whom its cases are spread */
#define CM_MAX_MEMBERS 129                  /* of a fleet, in its manifest: one and its peers */
#define CM_MAX_MEMBER_KEYS 16               /* of one member or one signer of law, old ones with them */
#define CM_MAX_LAW_SIGNERS 256              /* jurisdictions whose rules are signed */
#define CM_MAX_LAW_SIGNATURES 1024          /* lines of a file of signatures of law */
#define CM_MAX_MANIFEST_BYTES (192 * 1024)  /* what is signed of a manifest */
#define CM_MAX_DIGESTS 128                  /* rule-set digests in a finding or an outcome */
#define CM_MAX_ARGS 32                      /* of one operation */
#define CM_MAX_DEMAND_JSON_BYTES (256 * 1024)

#endif
