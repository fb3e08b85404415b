typedef struct {
	struct other *next;
	struct mutex lost;
	int count;
} changer;
