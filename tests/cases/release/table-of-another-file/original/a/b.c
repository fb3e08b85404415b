static struct ops ops = {
	.validate = box_validate,
};
