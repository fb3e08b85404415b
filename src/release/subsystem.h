/*
 * What the words mean that a subject of the changelog begins with ("net/sched: act_mirred: ...").
 * For this room.
 */
#ifndef KLATCH_RELEASE_SUBSYSTEM_H
#define KLATCH_RELEASE_SUBSYSTEM_H

#include "release/documents.h"

/* Where what a subject begins with ends: behind its last colon, or at its start if there is none.
 */
const char *subsystem_end(const char *subject);

/* The numbers of the documents of the subsystem that a subject begins with, as narrow as it says;
 * none if it is nowhere; NULL if the subject says none. */
GHashTable *subsystem_documents(const struct documents *documents, const char *subject);

#endif
