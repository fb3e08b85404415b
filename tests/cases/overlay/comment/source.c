/*
 * What it does,
 * and what not.
 */
int after = __LINE__;
