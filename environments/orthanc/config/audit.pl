# Starts the archive, and makes its audit trail of its log: DICOM audit messages (PS3.15 A.5) over TLS to the log server
# (IHE ITI-20).
#
# Orthanc has no audit trail. At level INFO its log names each request with node, service and thread, each object sent,
# and each refusal; the rest is read here and goes no further. Warnings and errors are passed on to the container's log.
# Nothing but perl-base and socat is needed.
#
# Orthanc writes the keys of C-FIND, C-GET and C-MOVE into its log as they are, line ends included: a node that is admitted
# can write lines like Orthanc's own, and guess time and thread. So lines are not what is read here. Orthanc (1.10 to
# 1.13, Logging.cpp, under a lock) writes each entry in pieces, unbuffered: the prefix, the text, a line end. A pipe in
# packet mode (O_DIRECT, pipe(2)) keeps the pieces apart, however they look: a prefix counts only where the entry before it
# has ended, and there only Orthanc itself writes. A piece above a page comes in several; all of them are text.
use strict;
use warnings;
use Fcntl qw(F_SETFL O_DIRECT O_WRONLY);
use POSIX qw(strftime);

pipe(my $log, my $end) or die "no pipe: $!\n";
fcntl($end, F_SETFL, O_WRONLY | O_DIRECT) or die "this system does not keep what is written to a pipe apart: $!\n";
my $archive = fork;    # the parent becomes Orthanc, and stays the process that the engine knows
die "no process: $!\n" unless defined $archive;
if ($archive) {
    open(STDERR, '>&', $end) or die "no log: $!\n";
    exec @ARGV or die "@ARGV: $!\n";
}
close $end;
$SIG{PIPE} = 'IGNORE';
STDERR->autoflush(1);
my $collector = 'OPENSSL:collector:6514,cafile=/etc/archive/tls/ca.pem,cert=/etc/archive/tls/sender.pem,verify=1,commonname=collector';
my $sender;     # a pipe into socat, opened again where it broke
my %going_on;   # by thread: the request that it is at. The requests of one association may come to different threads
my %open;       # by AE title: how many associations it has; when the last one ends, all its requests have ended

my %service = (    # as Orthanc calls it => event, action, who is the requestor
    Find  => ["csd-code='110112' codeSystemName='DCM' originalText='Query'",                       'E', 'source'],
    Get   => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'R', 'destination'],
    Move  => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'R', 'other'],
    Store => ["csd-code='110104' codeSystemName='DCM' originalText='DICOM Instances Transferred'", 'C', 'source'],
);
my %folder = (PATIENT => 'patients', STUDY => 'studies', SERIES => 'series', IMAGE => 'instances');    # of the REST interface
my $refused = "csd-code='110113' codeSystemName='DCM' originalText='Security Alert'";
my $authentication = "<EventTypeCode csd-code='110126' codeSystemName='DCM' originalText='Node Authentication'/>";
my %role = (
    source      => "<RoleIDCode csd-code='110153' codeSystemName='DCM' originalText='Source Role ID'/>",
    destination => "<RoleIDCode csd-code='110152' codeSystemName='DCM' originalText='Destination Role ID'/>",
    other       => "<RoleIDCode csd-code='110150' codeSystemName='DCM' originalText='Application'/>",
);

sub quoted {    # as an XML attribute; whatever is not plain ASCII becomes its number
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9 _.,:\/-])/sprintf('&#%d;', ord($1) < 32 ? 63 : ord($1))/ge;
    return $text;
}

sub participant {
    my ($name, $role, $requestor) = @_;
    return sprintf("<ActiveParticipant UserID='%s' UserIsRequestor='%s'>%s</ActiveParticipant>",
        quoted($name), $requestor ? 'true' : 'false', $role{$role});
}

sub record {
    my ($at, $event, $action, $outcome, $type, @rest) = @_;
    my $xml = "<AuditMessage><EventIdentification EventActionCode='$action' EventDateTime='$at'"
        . " EventOutcomeIndicator='$outcome'><EventID $event/>$type</EventIdentification>"
        . join('', @rest[0 .. $#rest - 1])
        . "<AuditSourceIdentification AuditSourceID='archive'/>$rest[-1]</AuditMessage>";
    my $message = "<85>1 $at archive archive $$ DICOM+RFC3881 - $xml";    # facility 10, security; severity 5, notice
    for (1 .. 2) {
        open($sender, '|-', 'socat', '-d0', '-u', 'STDIN', $collector) or last unless $sender;
        $sender->autoflush(1);
        return if print $sender length($message) . " $message";    # octet counting, RFC 5425 4.3
        undef $sender;
    }
    print STDERR "E AUDIT a record could not be sent\n";
}

sub finish {
    my ($it) = @_;
    my ($event, $action, $requestor) = @{ $service{ $it->{service} } };
    my %name = (source => $it->{called}, destination => $it->{called});
    $name{$requestor} = $it->{aet};
    $name{destination} = $it->{to} if $it->{to};
    my $objects = join '', map {
        "<ParticipantObjectIdentification ParticipantObjectID='$_' ParticipantObjectTypeCode='2' ParticipantObjectTypeCodeRole='3'>"
            . "<ParticipantObjectIDTypeCode csd-code='12' codeSystemName='RFC-3881' originalText='URI'/></ParticipantObjectIdentification>"
    } @{ $it->{objects} };
    record($it->{at}, $event, $action, $it->{failed} ? 8 : 0, '',
        (map { participant($name{$_}, $_, $_ eq $requestor) } sort keys %name), $objects);
}

sub pass_on {    # to the container's log, as one line
    my ($text) = @_;
    $text =~ s/[^ -~]/?/g;
    print STDERR "$text\n";
}

my ($prefix, $text) = ('', '');    # of the entry that has begun
while (1) {
    my $got = sysread($log, my $piece, 1 << 16);    # one piece at a time
    next if !defined $got and $!{EINTR};
    last unless $got;
    if ($prefix and $piece ne "\n") {
        $text .= $piece if length $text < 1 << 16;
    } elsif ($prefix) {
        entry($prefix, $text);
        $prefix = '';
    } elsif ($piece =~ /^([A-Z]\d{4} \S+ .*\] )(\([a-z]+\) )?\z/) {
        ($prefix, $text) = ($1, $2 // '');
    } elsif ($piece ne "\n") {
        pass_on($piece);    # of some library
    }
}

sub entry {
    my ($prefix, $text) = @_;
    my ($level, $month, $day, $time, $thread) = $prefix =~ /^([A-Z])(\d\d)(\d\d) (\S+) +(\S+) \S+\] /;
    pass_on("$prefix$text") unless $prefix =~ /^I/;
    return unless defined $level;
    my $now = $going_on{$thread};
    if ($text =~ /^Incoming (\w+) request from AET (.*) on IP \S+, calling AET (.*)/) {
        finish(delete $going_on{$thread}) if $now;
        $going_on{$thread} = { service => $1, aet => $2, called => $3, at => utc($month, $day, $time), objects => [] }
            if $service{$1};
    } elsif ($text =~ /^\(dicom\) Association Acknowledged .* to AET (.*) on IP/) {
        $open{$1}++;
    } elsif ($text =~ /^\(dicom\) (?:Association (?:Release|Aborted)|DIMSE failure \(aborting association) with AET (.*) on IP/) {
        finish(delete $going_on{$thread}) if $now and $now->{aet} eq $1;
        return if --$open{$1} > 0;
        finish(delete $going_on{$_}) for grep { $going_on{$_}{aet} eq $1 } sort keys %going_on;
        delete $open{$1};
    } elsif ($text =~ /^(?:\(dicom\) )?Rejected association for remote AET (.*) on IP/) {
        record(utc($month, $day, $time), $refused, 'E', 8, $authentication, participant($1, 'other', 1), '');
    } elsif ($now) {
        $now->{failed} = 1 if $level eq 'E' or $text =~ /^DICOM authorization rejected|^(\(dicom\) )?Rejected /;
        $now->{to} = $1 if $text =~ /^(?:\(dicom\) )?Move-SCU request received for AET "(.*)"\z/s;
        $now->{level} = $folder{$1} if $text =~ /^(?:\(dicom\) )? *\(0008,0052\)  QueryRetrieveLevel = (\w+)/;
        push @{ $now->{objects} }, "/$now->{level}/$1"
            if $text =~ /^(?:\(dicom\) )?Sending resource ([0-9a-f-]{44})/ and $now->{level};
        push @{ $now->{objects} }, "/instances/$1" if $text =~ /^New instance stored \(([0-9a-f-]{44})\)/;
    }
}

sub utc {    # Orthanc's lines have no year; the container's clock is UTC
    my ($month, $day, $time) = @_;
    my ($this_month, $year) = (gmtime)[4, 5];
    $year-- if $month > $this_month + 1;
    return sprintf('%d-%s-%sT%sZ', $year + 1900, $month, $day, $time);
}
