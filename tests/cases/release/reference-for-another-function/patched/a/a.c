void queue(struct box *box)
{
	struct event *event = make_event();

	event->box = box_get(box);
	push(event);
}

void handle(struct event *event)
{
	struct box *box = event->box;

	open_box(box);
	box_put(box);
	kfree(event);
}

void use(struct box *box)
{
	box_get(box);
	open_box(box);
	box_put(box);
}

struct crate *find(int number)
{
	return look_up(number);
}

void burn(struct crate *crate)
{
	light(crate);
	crate_put(crate);
}
