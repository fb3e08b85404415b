int before = __LINE__;
int after = __LINE__;
